// The message box: text, files dropped or pasted, the microphone, send and stop.
import { byId, announce } from "./dom.js";
import { canRecord, maxSeconds, startRecording } from "./recorder.js";

/** Wires the message box. Its users say what to do with a message (send: gives whether it was taken), and how to stop an answer. */
export function openComposer({ attachments, send, stop, refuse }) {
  const [form, text, files] = [byId("composer"), byId("text"), byId("files")];
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  };
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    // Enter that ends an input method's word is part of the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (text.value.trim() === "" && attachments.items.length === 0) return;
    if (!(await send(text.value.trim(), () => attachments.take()))) return;
    text.value = "";
    grow();
  });
  byId("stop").addEventListener("click", () => {
    stop();
    text.focus();
  });

  byId("attach").addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    attachments.add(files.files);
    files.value = "";
    text.focus();
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    attachments.add(event.clipboardData.files);
  });
  takeDrops((dropped) => {
    attachments.add(dropped);
    text.focus();
  });
  openRecorder(attachments, refuse);

  return {
    focus: () => text.focus(),
    fill(words) {
      text.value = words;
      grow();
      text.focus();
    },
    /** Shows whether an answer is being written. */
    setBusy(isBusy) {
      byId("send").hidden = isBusy;
      byId("stop").hidden = !isBusy;
    },
  };
}

function takeDrops(take) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}

function openRecorder(attachments, refuse) {
  const button = byId("record");
  const words = button.querySelector("span");
  if (!canRecord()) {
    button.hidden = true;
    return;
  }
  let recording = null;
  button.addEventListener("click", async () => {
    if (recording !== null) {
      recording.stop();
      return;
    }
    try {
      recording = await startRecording();
      button.setAttribute("aria-pressed", "true");
      announce(`Recording, for at most ${maxSeconds} seconds`);
      const began = Date.now();
      const tell = () => { words.textContent = `Stop ${Math.round((Date.now() - began) / 1000)} s`; };
      tell();
      const timer = setInterval(tell, 500);
      const file = await recording.done.finally(() => clearInterval(timer));
      attachments.add([file]);
    } catch (error) {
      refuse(`Nothing was recorded: ${error.message}`);
    }
    recording = null;
    button.setAttribute("aria-pressed", "false");
    words.textContent = "Record";
  });
}
