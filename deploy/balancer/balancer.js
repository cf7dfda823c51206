// What nginx cannot see by itself: which conversation a request belongs to and which model it names. Both stand in the body, which is read, never changed;
// nginx's own proxying sends it on. A body that cannot be read names nothing, and the server that gets it says what is wrong with it.
import crypto from 'crypto';

// Sends a request to the server of its conversation.
function byConversation(r) {
    r.variables.conversation = conversationOf(r, bodyOf(r));
    r.internalRedirect(isStored(r) ? '@stored' : '@servers');
}

// Sends a request to the server of its model.
function byModel(r) {
    const path = /^\/v1\/models\/(.+)$/.exec(r.uri);
    const name = path ? path[1] : bodyOf(r).model;
    r.variables.model = typeof name === 'string' ? name : '';
    r.internalRedirect(isStored(r) ? '@stored' : '@model');
}

// One list of the models of all servers: GET /models-of/NAME for each NAME of $doors.
async function models(r) {
    const lists = await Promise.all(r.variables.doors.split(' ').map(door => r.subrequest('/models-of/' + door)));
    const refused = lists.find(list => list.status !== 200);
    if (refused) {
        r.headersOut['content-type'] = 'application/json';
        r.return(refused.status, refused.responseText);
        return;
    }
    const body = JSON.parse(lists[0].responseText);
    body.data = lists.reduce((all, list) => all.concat(JSON.parse(list.responseText).data), []);
    r.headersOut['content-type'] = 'application/json';
    r.return(200, JSON.stringify(body));
}

// What some server keeps, asked for by its id.
function isStored(r) {
    return /^\/v1\/(responses|conversations|files|batches|chat\/completions)\/./.test(r.uri);
}

// The first of: what the client calls the conversation in a header; OpenAI's prompt_cache_key; its conversation; Anthropic's metadata.user_id; how it begins.
// All turns of a conversation begin alike, so they go to the server that has computed that beginning.
function conversationOf(r, body) {
    const named = r.headersIn['x-session-id'] || r.headersIn['session_id'] || body.prompt_cache_key || body.conversation || (body.metadata || {}).user_id;
    if (named) {
        return digest(named);
    }
    const turns = body.messages || body.input || body.prompt;
    if (!turns) {
        return r.variables.request_id;
    }
    let beginning = turns;
    if (Array.isArray(turns)) {
        const asked = turns.findIndex(turn => turn && turn.role === 'user');
        beginning = turns.slice(0, asked + 1 || 1);
    }
    return digest([body.system, body.instructions, beginning]);
}

function digest(value) {
    // Of images and long texts the beginning and the length tell enough.
    const text = JSON.stringify(value, (key, part) => typeof part === 'string' && part.length > 4096 ? part.slice(0, 4096) + part.length : part);
    return crypto.createHash('sha1').update(text).digest('hex');
}

function bodyOf(r) {
    try {
        const text = r.requestText || '';
        if (/^multipart\/form-data/i.test(r.headersIn['content-type'])) {
            const model = /name="?model"?[^\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n/.exec(text);
            return { model: model ? model[1] : '' };
        }
        const body = JSON.parse(text);
        return body !== null && typeof body === 'object' ? body : {};
    } catch (e) {
        return {};
    }
}

export default { byConversation, byModel, models };
