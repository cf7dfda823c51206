#!/usr/bin/env python3
"""A GGUF file of a released shape in Q4_K_M with random weights: random_q4_k_m.py MODEL OUT

Lays a model out as ../shared/peer/make_random_gguf.py does, with the types that llama-quantize chooses for Q4_K_M: Q4_K, and Q6_K for the tied
embedding and, in the layers that it gives more bits, for attn_v and ffn_down.
"""
import importlib.util, os, random, sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'shared', 'peer')
Q4_K, FILE_TYPE_Q4_K_M = 12, 15


def blocks_of_q4_k(generator, fan, seed):
    """Superblocks of 256: d, dmin (halves), eight 6-bit scales and minima in 12 bytes, 128 bytes of codes."""
    rnd = random.Random(f'q4_k/{fan}/{seed}')
    n = 65521
    buffer = bytearray(rnd.randbytes(n * 144))
    deviation = 1.0 / fan ** 0.5
    generator._halfs(buffer, 144, 0, rnd, n, deviation / (4.64 * 32))           # scale of 32, on average, times a code around its mean
    generator._halfs(buffer, 144, 2, rnd, n, deviation * 7.5 / (4.64 * 32))
    return bytes(buffer)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    spec = importlib.util.spec_from_file_location('make_random_gguf', os.path.join(PEER, 'make_random_gguf.py'))
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    generator.BLOCK[Q4_K] = (256, 144)
    generator.TYPES['q4_k'] = Q4_K
    generator.FTYPE['q4_k'] = FILE_TYPE_Q4_K_M
    pattern = generator.make_pattern
    generator.make_pattern = lambda kind, fan, seed: blocks_of_q4_k(generator, fan, seed) if kind == Q4_K else pattern(kind, fan, seed)

    gguf = generator.build(sys.argv[1], 'q4_k', 'q6_k', 'q6_k')
    layers = generator.MODELS[sys.argv[1]]['layers']
    eighth = layers // 8
    more_bits = [i < eighth or i >= 7 * layers // 8 or (i - eighth) % 3 == 2 for i in range(layers)]     # llama.cpp's use_more_bits

    def typed(tensor):
        name, dims, kind, fill, fan, size, active, count = tensor
        if kind != Q4_K:
            return tensor
        layer = int(name.split('.')[1])
        if ('attn_v' in name or 'ffn_down' in name) and more_bits[layer]:
            kind = generator.Q6_K
        return name, dims, kind, fill, fan, count // 256 * generator.BLOCK[kind][1], active, count

    gguf.tensors = [typed(tensor) for tensor in gguf.tensors]
    print(gguf.write(sys.argv[2], 1), 'bytes')


if __name__ == '__main__':
    main()
