#!/usr/bin/env python3
"""Ours beside llama.cpp on the same GGUF files, alternating in one run: ./dev bench [--dir DIR] [--models e2b:q4_0,...] [--pairs 3] [--servers]

Makes full-shape files with random weights and fetches llama.cpp (both by the tools in ../shared/peer; 20 GB of disk for all models), then times
pairs, one after the other: `gemma4 bench FILE` and llama.cpp's library; with --servers, whole servers: their start to the first token of a
short prompt (ours from the model repacked by `gemma4 quantize`), a prompt of 4,096 tokens, and what memory they hold then. Prints each figure's
median and the ratio of the medians, and the bandwidth that the threads read in the same run. Run nothing else meanwhile. Needs Python 3.11, gcc,
Node with npm.
"""
import argparse, json, os, random, re, shutil, statistics, subprocess, sys, time, urllib.error, urllib.request

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


def complete(port, tokens):
    """Seconds until the first token after a prompt of random tokens."""
    body = json.dumps({'model': 'any', 'prompt': [random.randrange(1000, 200000) for _ in range(tokens)], 'max_tokens': 1, 'ignore_eos': True, 'temperature': 0})
    request = urllib.request.Request(f'http://127.0.0.1:{port}/v1/completions', body.encode(), {'content-type': 'application/json'})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=3600) as answer:
        answer.read()
    return time.perf_counter() - start


def served(command, port, environment=None):
    """Starts a server and asks it: seconds from its start to the first token of 16, tokens/s of a prompt of 4,096, and its resident memory after it in GB."""
    start = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    try:
        while True:
            try:
                complete(port, 16)
                break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None:
                    sys.exit(f'ended with {server.returncode}: {" ".join(command)}')
                time.sleep(0.02)
        first = time.perf_counter() - start
        rate = 4096 / complete(port, 4096)
        with open(f'/proc/{server.pid}/status', encoding='ascii') as status:
            resident = int(re.search(r'^VmRSS:\s+(\d+)', status.read(), re.M)[1]) * 1024 / 1e9
        return {'first': first, 'prompt': rate, 'resident': resident}
    finally:
        server.terminate()
        server.wait()


def compare_servers(given, model, environment):
    """Prints the servers' lines of a table for one GGUF file."""
    program = os.path.join(ROOT, 'artifacts/bin/Gemma4.Server/release/gemma4.dll')
    repacked = model.removesuffix('.gguf') + '-repacked'
    if not os.path.exists(repacked):
        subprocess.run(['dotnet', program, 'quantize', model, repacked], check=True, stdout=sys.stderr)
        os.sync()
    modules = os.path.join(given.dir, 'npm/node_modules')
    mine = lambda: served(['dotnet', program, '--model', repacked, '--any-model', '--port', '8601', '--threads', str(given.threads), '--max-context', '5120',
                           '--max-sequences', '1', '--lazy-weights', '--no-page'], 8601, environment)
    peer = lambda: served(['node', os.path.join(PEER, 'llamacpp_server.mjs'), '--modules', modules, '--model', model, '--port', '8602',
                           '--threads', str(given.threads), '--slots', '1', '--ctx', '5120'], 8602)
    mine(), peer()                                                          # both read their files into the page cache
    pairs = [(mine(), peer()) for _ in range(given.pairs)]
    for figure, title in (('first', 'start to the first token, s'), ('prompt', 'prompt of 4,096 by HTTP, tokens/s'), ('resident', 'resident after it, GB')):
        a, b = (statistics.median(pair[side][figure] for pair in pairs) for side in (0, 1))
        print(f'| {os.path.basename(model)} | {title} | {a:.2f} | {b:.2f} | {a / b:.2f} | |', flush=True)


def without_avx512(libs, folder):
    """A folder with llama.cpp's libraries of which only the one for AVX2 computes."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in os.listdir(libs):
        if not name.startswith('libggml-cpu-') or name == 'libggml-cpu-haswell.so':
            os.symlink(os.path.join(libs, name), os.path.join(folder, name))
    return folder


def bandwidth(program):
    return json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()[0])['best']


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--dir', default='/tmp/gemma4-bench', help='where files go, and are found again')
    options.add_argument('--models', default='e2b:q4_0,e2b:q8_0,26b-a4b:q4_0')
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--pairs', type=int, default=3)
    options.add_argument('--libs', help="folder of llama.cpp's libraries; chosen for this processor where not given")
    options.add_argument('--no-avx512', action='store_true', help='both without AVX-512, as on a processor that has none')
    options.add_argument('--servers', action='store_true', help='compare whole servers: start, a prompt of 4,096, memory')
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
    if given.no_avx512:
        given.libs = without_avx512(given.libs, os.path.join(given.dir, 'libs-avx2'))
    reader = os.path.join(given.dir, 'membw')
    subprocess.run(['gcc', '-O3', '-march=native', '-pthread', '-o', reader, os.path.join(PEER, 'membw.c')], check=True)
    subprocess.run(['dotnet', 'build', '-c', 'Release', '-v', 'q', '-nologo', os.path.join(ROOT, 'src/Gemma4.Server')], check=True, stdout=sys.stderr)
    program = os.path.join(ROOT, 'artifacts/bin/Gemma4.Server/release/gemma4.dll')
    environment = {'DOTNET_EnableAVX512': '0'} if given.no_avx512 else {}
    print('| file | figure | ours | llama.cpp | ratio | share of the bandwidth |\n|---|---|---:|---:|---:|---:|')
    for name, kind in (entry.split(':') for entry in given.models.split(',')):
        model = os.path.join(given.dir, f'{name}-{kind}.gguf')
        if not os.path.exists(model):
            maker = [os.path.join(HERE, 'random_q4_k_m.py'), name, model] if kind == 'q4_k_m' else \
                [os.path.join(PEER, 'make_random_gguf.py'), '--model', name, '--type', kind, '--out', model]
            subprocess.run([sys.executable, *maker], check=True, stdout=sys.stderr)
            os.sync()
        if given.servers:
            compare_servers(given, model, environment)
            continue
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
