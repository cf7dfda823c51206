// Conversations, kept in this browser alone. One record each, images and audio clips in it as the files that they are.
//
// A conversation: { id, title, isNamed, updated, messages }. A message is one of
//   { role: "user", text, attachments: [{ kind: "image" | "audio", name, blob, budget, cost }] }
//   { role: "assistant", text, thought, calls: [{ id, type, name, arguments }], finish, stats, error, isStopped }
//   { role: "tool", callId, name, text }
const storeName = "conversations";

/** Opens the browser's database. Where it gives none (private windows of some browsers), conversations last as long as the page. */
export async function openConversations() {
  const all = new Map();
  const database = await open().catch(() => null);
  if (database !== null) for (const conversation of await request(store(database, "readonly").getAll())) all.set(conversation.id, conversation);

  return {
    isKept: database !== null,

    /** All, the latest first. */
    list: () => [...all.values()].sort((a, b) => b.updated - a.updated),
    get: (id) => all.get(id),

    /** A new one, which is kept once it is saved. */
    create: () => ({ id: newId(), title: "New conversation", isNamed: false, updated: Date.now(), messages: [] }),

    async save(conversation) {
      conversation.updated = Date.now();
      if (!conversation.isNamed) conversation.title = titleOf(conversation);
      all.set(conversation.id, conversation);
      if (database !== null) await request(store(database, "readwrite").put(conversation));
    },

    async remove(id) {
      all.delete(id);
      if (database !== null) await request(store(database, "readwrite").delete(id));
    },
  };
}

const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function titleOf({ messages }) {
  const first = messages.find((message) => message.role === "user");
  const words = first?.text.trim().replace(/\s+/g, " ") ?? "";
  if (words !== "") return words.length > 60 ? `${words.slice(0, 59)}…` : words;
  return first?.attachments[0]?.name ?? "New conversation";
}

async function open() {
  const opening = indexedDB.open("gemma4", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName, { keyPath: "id" });
  return request(opening);
}

const store = (database, mode) => database.transaction(storeName, mode).objectStore(storeName);

const request = (asked) => new Promise((resolve, reject) => {
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});
