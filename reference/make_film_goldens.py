"""What the reference makes of films' numbers: python make_film_goldens.py OUT (standard library only)

Written after reading transformers (video_processing_utils.sample_frames, video_utils.VideoMetadata.timestamps, and replace_video_token of
models/gemma4/processing_gemma4.py), whose arithmetic is followed to the bit:
- indices: torch.arange(0, frames, frames / take).int(). The step is a double; the number of indices is ceil(frames / step) in doubles, and
  index i is step * i in doubles, rounded to float32, cut to a whole number.
- seconds of an index: an int32 tensor over a Python number, so float32 over float32.
- a stamp: minutes and seconds cut to whole numbers, two digits at least; 24 frames a second where nothing is known.
It refuses to take more frames than there are, and fails where the doubles make one index too many, which then lies behind the end."""
import hashlib, json, math, struct, sys

FPS = {"none": None, "23.976": 23.976, "24000/1001": 24000 / 1001, "24": 24, "25": 25, "29.97": 29.97, "30000/1001": 30000 / 1001, "30": 30, "50": 50,
       "59.94": 59.94, "60000/1001": 60000 / 1001, "60": 60, "120": 120, "1": 1, "0.5": 0.5, "0.07": 0.07, "0.03": 0.03}
SECONDS = [0, 0.2, 1, 2.5, 10, 59.9, 61, 125, 1367.97, 7201]
TAKE = [32, 1, 2, 60, 3, 7, 16, 32, 13, 31, 33, 49, 59, 29]

def f32(x): return struct.unpack("f", struct.pack("f", x))[0]

def arange(frames, take):
    step = frames / take
    return [int(f32(step * i)) for i in range(math.ceil(frames / step))]

def sample(frames, take):
    """Indices, or why there are none."""
    if take > frames: return "more than there are"
    indices = arange(frames, take)
    return indices if indices[-1] < frames else "one behind the end"

def stamp(index, fps):
    seconds = f32(f32(index) / f32(24 if fps is None else fps))
    return f"{int(seconds // 60):02d}:{int(seconds % 60):02d}"

def text(stamps, soft): return " ".join(f"{s} <|image>{'<|video|>' * soft}<image|>" for s in stamps)

def film(name, frames, take):
    got = sample(frames, take)
    if isinstance(got, str): return dict(fps=name, frames=frames, take=take, refused=got)
    return dict(fps=name, frames=frames, take=take, indices=" ".join(map(str, got)), stamps=" ".join(stamp(i, FPS[name]) for i in got))

films, turn = [], 0
for name, fps in FPS.items():
    for seconds in SECONDS:
        frames = max(1, round(seconds * (fps or 24)))
        films.append(film(name, frames, min(frames, TAKE[turn % len(TAKE)]))); turn += 1
# Seconds that float32 rounds up to the next one, and films too short for what is asked of them.
films += [film("30000/1001", 81998, 2), film("24000/1001", 48000, 2), film("none", 31, 32), film("none", 15, 13), film("25", 2**19, 60)]

def lines(frames_up_to, take_up_to):
    for frames in range(1, frames_up_to + 1):
        for take in range(1, min(frames, take_up_to) + 1):
            got = sample(frames, take)
            yield f"{frames} {take} {'-' if isinstance(got, str) else ' '.join(map(str, got))}\n"
every = list(lines(600, 60))

prompts = [dict(fps=name, frames=frames, take=take, soft=soft, text=text([stamp(i, FPS[name]) for i in sample(frames, take)], soft))
           for name, frames, take, soft in [("none", 1, 1, 3), ("25", 100, 4, 2), ("30000/1001", 1799, 3, 70), ("1", 61, 60, 1), ("0.5", 8, 8, 2), ("0.03", 200, 2, 1)]]
json.dump(dict(
    note="made by reference/make_film_goldens.py; fps by its name, rates as quotients of doubles",
    films=films,
    every=dict(frames_up_to=600, take_up_to=60, films=len(every), behind_the_end=sum(l.endswith(" -\n") for l in every),
               sha256=hashlib.sha256("".join(every).encode()).hexdigest()),
    prompts=prompts), open(sys.argv[1], "w"), indent=0)
print(len(films), "films,", sum("refused" in f for f in films), "of them refused")
