// The microphone to a WAV file of 16 kHz in one channel, which is what the model hears.
const rate = 16000;

/** The most that the model hears of one clip. */
export const maxSeconds = 30;

/** Whether this browser lets this page record: it wants HTTPS, or this machine's own address. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

/** Starts to record. The result's stop() ends it; done gives the file. It also ends by itself at the most that is heard. */
export async function startRecording() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  const limit = setTimeout(() => recorder.stop(), maxSeconds * 1000);
  recorder.start();
  const done = ended.then(async () => {
    clearTimeout(limit);
    for (const track of stream.getTracks()) track.stop();
    return toWav(await samples(await new Blob(pieces).arrayBuffer()));
  });
  return { stop: () => recorder.state === "inactive" || recorder.stop(), done };
}

/** The file's sound at our rate; the browser decodes and resamples it. */
async function samples(file) {
  const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(file);
  return decoded.getChannelData(0).subarray(0, maxSeconds * rate);
}

function toWav(sound) {
  const view = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const name = (at, text) => [...text].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  name(0, "RIFF");
  view.setUint32(4, 36 + sound.length * 2, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, sound.length * 2, true);
  sound.forEach((sample, i) => view.setInt16(44 + i * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true));
  return new File([view], "recording.wav", { type: "audio/wav" });
}
