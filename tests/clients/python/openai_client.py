"""OpenAI's own client: chats, streams, tools, parsed structures, responses, images, audio, errors, many at once."""
import asyncio, base64, io, json, time
import openai
from pydantic import BaseModel
from demo import BASE_URL, CAPITAL, MODEL, PARIS, SCHEMA, WEATHER, case, weather

client = openai.OpenAI(base_url=BASE_URL + "/v1", api_key="none", max_retries=0)
ask = lambda content: {"model": MODEL, "temperature": 0, "messages": [{"role": "user", "content": content}]}
tool = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": SCHEMA}}


class Person(BaseModel):
    name: str
    age: int


def chats():
    assert client.chat.completions.create(**ask(CAPITAL)).choices[0].message.content == PARIS
    with client.chat.completions.stream(**ask(CAPITAL), stream_options={"include_usage": True}) as stream:
        text = "".join(event.delta for event in stream if event.type == "content.delta")
        final = stream.get_final_completion()
    assert text == final.choices[0].message.content == PARIS and final.usage.completion_tokens > 1


def tools():
    request = {**ask(WEATHER), "tools": [tool]}
    message = client.chat.completions.create(**request).choices[0].message
    call = message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    # The answer goes back as the client dumps it, null fields and all.
    request["messages"] += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": weather("Paris")}]
    assert "Paris" in client.chat.completions.create(**request).choices[0].message.content
    strange = {**tool, "function": {**tool["function"], "name": "_Main_g_get.weather_0_0"}}
    forced = client.chat.completions.create(**{**ask(WEATHER), "tools": [strange], "tool_choice": "required"})
    assert forced.choices[0].message.tool_calls[0].function.name == "_Main_g_get.weather_0_0"


def parsed():
    completion = client.chat.completions.parse(**ask("JSON: name Alice, age 30"), response_format=Person)
    assert completion.choices[0].message.parsed == Person(name="Alice", age=30)
    response = client.responses.parse(model=MODEL, temperature=0, input="JSON: name Bob, age 41", text_format=Person)
    assert response.output_parsed == Person(name="Bob", age=41)


def responses():
    first = client.responses.create(model=MODEL, temperature=0, input="My name is Bob.")
    second = client.responses.create(model=MODEL, temperature=0, input="What is my name?", previous_response_id=first.id)
    assert "Bob" in second.output_text
    with client.responses.stream(model=MODEL, temperature=0, input=CAPITAL) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == stream.get_final_response().output_text == PARIS
    background = client.responses.create(model=MODEL, temperature=0, input=CAPITAL, background=True)
    while background.status in ("queued", "in_progress"):
        background = client.responses.retrieve(background.id)
    assert background.output_text == PARIS
    thought = client.responses.create(model=MODEL, temperature=0, input="What is 7 + 5?", reasoning={"effort": "low", "summary": "auto"})
    assert any(item.type == "reasoning" and item.summary[0].text for item in thought.output) and "12" in thought.output_text
    custom = client.responses.create(
        model=MODEL, temperature=0, input="Write.", tool_choice={"type": "custom", "name": "write"},
        tools=[{"type": "custom", "name": "write", "format": {"type": "grammar", "syntax": "regex", "definition": "[ab]{3}"}}, {"type": "web_search"}])
    call = next(item for item in custom.output if item.type == "custom_tool_call")
    assert len(call.input) == 3 and set(call.input) <= set("ab"), call


def kept():
    made = [client.chat.completions.create(**{**ask(CAPITAL), "store": True, "metadata": {"topic": "capitals", "number": str(i)}}) for i in range(3)]
    assert client.chat.completions.retrieve(made[0].id).choices[0].message.content == PARIS
    assert {c.id for c in client.chat.completions.list(metadata={"topic": "capitals"}, limit=2)} >= {c.id for c in made}
    assert made[1].id in [c.id for c in client.chat.completions.list(metadata={"topic": "capitals", "number": "1"})]
    assert [m.content for m in client.chat.completions.messages.list(made[0].id)] == [CAPITAL]
    assert client.chat.completions.update(made[0].id, metadata={"topic": "other"}).metadata == {"topic": "other"}
    assert all(client.chat.completions.delete(c.id).deleted for c in made)
    stream = client.responses.create(model=MODEL, temperature=0, input=CAPITAL, background=True, stream=True)
    for event in stream:
        if event.type == "response.created":
            id = event.response.id
        if event.type == "response.output_text.delta":
            break
    stream.close()
    rest = list(client.responses.retrieve(id, stream=True, starting_after=event.sequence_number))
    assert rest[0].sequence_number == event.sequence_number + 1 and rest[-1].type == "response.completed"
    assert rest[-1].response.output_text == PARIS == client.responses.retrieve(id).output_text
    assert [i.content[0].text for i in client.responses.input_items.list(id)] == [CAPITAL]
    client.responses.delete(id)
    conversation = client.conversations.create(items=[{"type": "message", "role": "user", "content": "My name is Bob."}])
    answer = client.responses.create(model=MODEL, temperature=0, input="What is my name?", conversation=conversation.id)
    assert "Bob" in answer.output_text and answer.conversation.id == conversation.id
    texts = [i.content[0].text for i in client.conversations.items.list(conversation.id, order="asc", limit=2)]
    assert texts == ["My name is Bob.", "What is my name?", answer.output_text]
    assert client.conversations.delete(conversation.id).deleted


def files():
    text = b"Alice lives in Oslo."
    file = client.files.create(file=("alice.txt", text), purpose="user_data")
    assert (file.bytes, file.filename) == (len(text), "alice.txt")
    assert file.id in [f.id for f in client.files.list(purpose="user_data", limit=1)]
    assert client.files.content(file.id).read() == text and client.files.retrieve(file.id).id == file.id
    image, said = case("image", budget=280)
    picture = client.files.create(file=("image.png", base64.b64decode(image["png"])), purpose="vision")
    parts = [{"type": "file", "file": {"file_id": picture.id}}, {"type": "text", "text": image["question"]}]
    assert client.chat.completions.create(**ask(parts)).choices[0].message.content == said
    assert client.files.delete(file.id).deleted and client.files.delete(picture.id).deleted
    try:
        client.files.retrieve(file.id)
    except openai.NotFoundError:
        pass
    else:
        raise AssertionError("not deleted")


def batches():
    lines = [{"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
             for name, body in (("good", ask(CAPITAL)), ("bad", {**ask("Hi"), "temperature": 3}))]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    file = client.files.create(file=("in.jsonl", content), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600})
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"a": "b"})
    assert (batch.object, batch.input_file_id, batch.metadata) == ("batch", file.id, {"a": "b"})
    until = time.monotonic() + 60
    while batch.status not in ("completed", "failed") and time.monotonic() < until:
        time.sleep(0.1)
        batch = client.batches.retrieve(batch.id)
    counts = batch.request_counts
    assert (batch.status, counts.total, counts.completed, counts.failed) == ("completed", 2, 1, 1), batch
    good, = (json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines())
    bad, = (json.loads(line) for line in client.files.content(batch.error_file_id).text.splitlines())
    assert good["custom_id"] == "good" and good["response"]["body"]["choices"][0]["message"]["content"] == PARIS
    assert bad["custom_id"] == "bad" and bad["response"]["body"]["error"]["param"] == "temperature"
    wrong = client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    while wrong.status == "validating" and time.monotonic() < until:
        time.sleep(0.1)
        wrong = client.batches.retrieve(wrong.id)
    assert wrong.status == "failed" and wrong.errors.data[0].line == 1, wrong
    assert [b.id for b in client.batches.list(limit=1)][:2] == [wrong.id, batch.id]
    try:
        client.batches.cancel(batch.id)
    except openai.ConflictError:
        pass
    else:
        raise AssertionError("cancelled what was done")


def media():
    image, said = case("image", budget=70)
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + image["png"]}}, {"type": "text", "text": image["question"]}]
    assert client.chat.completions.create(**ask(parts)).choices[0].message.content == said
    voice, transcript = case("audio", question="Transcribe this.", answer="nine five eight")
    voice_file = lambda: ("voice.wav", io.BytesIO(base64.b64decode(voice["wav"])))
    assert client.audio.transcriptions.create(model=MODEL, file=voice_file()).text == transcript
    assert client.audio.translations.create(model=MODEL, file=voice_file()).text


def errors():
    try:
        client.chat.completions.create(**{**ask("Hi"), "temperature": 3})
    except openai.BadRequestError as error:
        assert (error.code, error.param) == ("decimal_above_max_value", "temperature")
    else:
        raise AssertionError("not refused")


async def many():
    async with openai.AsyncOpenAI(base_url=BASE_URL + "/v1", api_key="none", max_retries=0) as many_clients:
        answers = await asyncio.gather(*(many_clients.chat.completions.create(**ask(CAPITAL)) for _ in range(20)))
    assert all(a.choices[0].message.content == PARIS for a in answers)


for check in (chats, tools, parsed, responses, kept, files, batches, media, errors):
    check()
asyncio.run(many())
