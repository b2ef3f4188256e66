// What the device can do at best: how fast it reads, copies, and multiplies and adds.
// Defines: WIDTH, the floats of a vector; CHAINS, how many sums of products a work-item keeps in registers; CHUNKS,
// whether a work-item walks over neighbours (as suits a CPU) or neighbouring items read neighbours (a GPU);
// MULTIPLY_ADD, the function that does so.

#ifndef WIDTH
#define WIDTH 4
#endif
#ifndef CHAINS
#define CHAINS 8
#endif
#ifndef MULTIPLY_ADD
#define MULTIPLY_ADD mad
#endif
#ifndef CHUNKS
#define CHUNKS 1
#endif

#if WIDTH == 1
typedef float floats;
#else
#define JOIN(a, b) a##b
#define VECTOR(width) JOIN(float, width)
typedef VECTOR(WIDTH) floats;
#endif

#if CHUNKS
#define PLACE(i) (get_global_id(0) * each + (i))
#else
#define PLACE(i) (get_global_id(0) + (i) * get_global_size(0))
#endif

// One work-item copies `each` vectors.
kernel void copy(global const floats *source, global floats *target, int each) {
    for (int i = 0; i < each; ++i) target[PLACE(i)] = source[PLACE(i)];
}

// The same past the caches, which then need not read what is overwritten.
kernel void copy_past_caches(global const floats *source, global floats *target, int each) {
    for (int i = 0; i < each; ++i) {
#if defined(__has_builtin) && WIDTH > 1
#if __has_builtin(__builtin_nontemporal_store)
        __builtin_nontemporal_store(source[PLACE(i)], target + PLACE(i));
#else
        target[PLACE(i)] = source[PLACE(i)];
#endif
#else
        target[PLACE(i)] = source[PLACE(i)];
#endif
    }
}

// One work-item adds up `each` vectors, a multiple of four, in four sums that do not wait for each other.
kernel void read(global const floats *source, global floats *target, int each) {
    floats a = 0, b = 0, c = 0, d = 0;
    for (int i = 0; i < each; i += 4) {
        a += source[PLACE(i)];
        b += source[PLACE(i + 1)];
        c += source[PLACE(i + 2)];
        d += source[PLACE(i + 3)];
    }
    target[get_global_id(0)] = (a + b) + (c + d);
}

// Independent chains hide the latency of one multiply-add; they must fit the registers beside `factor` and `term`.
kernel void multiply_add(global floats *out, float factor, float term, int turns) {
    const floats factors = factor, terms = term;
    floats chains[CHAINS];
#pragma unroll
    for (int k = 0; k < CHAINS; ++k) chains[k] = (floats)(k + (int)get_global_id(0));
    for (int turn = 0; turn < turns; ++turn) {
#pragma unroll
        for (int k = 0; k < CHAINS; ++k) chains[k] = MULTIPLY_ADD(chains[k], factors, terms);
    }
    floats sum = 0;
#pragma unroll
    for (int k = 0; k < CHAINS; ++k) sum += chains[k];
    out[get_global_id(0)] = sum;
}
