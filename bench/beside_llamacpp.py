#!/usr/bin/env python3
"""Our steps beside llama.cpp's on the same GGUF files, alternating in one run: ./dev bench [--dir DIR] [--models e2b:q4_0,...] [--pairs 3]

Makes full-shape files with random weights and fetches llama.cpp (both by the tools in ../shared/peer; 20 GB of disk for all models), then times
pairs: `gemma4 bench FILE` and llama.cpp's library, one after the other. Prints each figure's median and the ratio of the medians,
and the bandwidth that the threads read in the same run. Run nothing else meanwhile. Needs Python 3.11, gcc, Node with npm.
"""
import argparse, json, os, re, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PEER = os.path.join(os.path.dirname(ROOT), 'shared', 'peer')
FIGURES = (('prompt', 'pp512', 'prompt of 512'), ('decode, 1 sequence', 'tg64', 'decode, 1 sequence'), ('decode, 8 sequences', 'tg32@8seq', 'decode, 8 sequences'))


def ours(program, model, threads, environment):
    text = subprocess.run(['dotnet', program, 'bench', model, '--threads', str(threads)], check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout
    found = {name: float(re.search(rf'^{re.escape(name)} .* ([0-9.]+) tokens/s', text, re.M)[1]) for name, _, _ in FIGURES}
    return found, float(re.search(r'([0-9.]+) GB a token', text)[1])


def theirs(libs, model, threads):
    text = subprocess.run([sys.executable, os.path.join(PEER, 'bench_libllama.py'), '--libs', libs, '--model', model, '--threads', str(threads), '--reps', '1'],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{')]
    return {line['figure']: line['value'] for line in lines if 'value' in line}


def bandwidth(program):
    return json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()[0])['best']


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--dir', default='/tmp/gemma4-bench', help='where files go, and are found again')
    options.add_argument('--models', default='e2b:q4_0,e2b:q8_0,26b-a4b:q4_0')
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--pairs', type=int, default=3)
    options.add_argument('--libs', help="folder of llama.cpp's libraries; chosen for this processor where not given")
    options.add_argument('--no-avx512', action='store_true', help='ours without AVX-512, as on a processor that has none')
    given = options.parse_args()
    if not os.path.isdir(PEER):
        sys.exit(f'{PEER} is not there: the files and the peer are made by its tools.')
    os.makedirs(given.dir, exist_ok=True)
    if given.libs is None:
        packages = os.path.join(given.dir, 'npm')
        if not os.path.isdir(os.path.join(packages, 'node_modules')):
            os.makedirs(packages, exist_ok=True)
            subprocess.run(['npm', 'install', '--ignore-scripts', '--no-fund', '--no-audit', 'node-llama-cpp@3.22.1'], cwd=packages, check=True, stdout=sys.stderr)
        given.libs = os.path.join(packages, 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64')
    reader = os.path.join(given.dir, 'membw')
    subprocess.run(['gcc', '-O3', '-march=native', '-pthread', '-o', reader, os.path.join(PEER, 'membw.c')], check=True)
    subprocess.run(['dotnet', 'build', '-c', 'Release', '-v', 'q', '-nologo', os.path.join(ROOT, 'src/Gemma4.Server')], check=True, stdout=sys.stderr)
    program = os.path.join(ROOT, 'artifacts/bin/Gemma4.Server/release/gemma4.dll')
    environment = {'DOTNET_EnableAVX512': '0'} if given.no_avx512 else {}
    print('| file | figure | ours, tokens/s | llama.cpp, tokens/s | ratio | share of the bandwidth |\n|---|---|---:|---:|---:|---:|')
    for name, kind in (entry.split(':') for entry in given.models.split(',')):
        model = os.path.join(given.dir, f'{name}-{kind}.gguf')
        if not os.path.exists(model):
            subprocess.run([sys.executable, os.path.join(PEER, 'make_random_gguf.py'), '--model', name, '--type', kind, '--out', model], check=True, stdout=sys.stderr)
            os.sync()
        mine, peer, read = [], [], []
        for _ in range(given.pairs):
            read.append(bandwidth(reader))
            mine.append(ours(program, model, given.threads, environment))
            peer.append(theirs(given.libs, model, given.threads))
        limit = statistics.median(read)
        for figure, its, title in FIGURES:
            a, b = statistics.median(m[figure] for m, _ in mine), statistics.median(p[its] for p in peer)
            share = f'{a * mine[0][1] / limit:.2f} of {limit:.1f} GB/s' if figure == 'decode, 1 sequence' else ''
            print(f'| {name} {kind} | {title} | {a:.1f} | {b:.1f} | {a / b:.2f} | {share} |', flush=True)


if __name__ == '__main__':
    main()
