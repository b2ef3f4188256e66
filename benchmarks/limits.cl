// What the device can do at best: how fast it copies, and how fast it multiplies and adds.
// Defines: WIDTH, the vector width (16 on a CPU, 4 on a GPU).

#define JOIN(a, b) a##b
#define VECTOR(width) JOIN(float, width)
typedef VECTOR(WIDTH) floats;

// One work-item copies `each` consecutive vectors: many on a CPU, one on a GPU, so that neighbours read neighbours.
kernel void copy(global const floats *source, global floats *target, int each) {
    size_t first = get_global_id(0) * each;
    for (int i = 0; i < each; ++i) target[first + i] = source[first + i];
}

// Sixteen independent chains per work-item hide the latency of one multiply-add.
kernel void multiply_add(global floats *out, float factor, float term, int turns) {
    floats chains[16];
#pragma unroll
    for (int k = 0; k < 16; ++k) chains[k] = (floats)(k + get_global_id(0));
    for (int turn = 0; turn < turns; ++turn) {
#pragma unroll
        for (int k = 0; k < 16; ++k) chains[k] = chains[k] * factor + term;
    }
    floats sum = 0;
#pragma unroll
    for (int k = 0; k < 16; ++k) sum += chains[k];
    out[get_global_id(0)] = sum;
}
