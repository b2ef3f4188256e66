// Checks of data that only a kernel sees: refuse_negative copies integers and reports whether one is negative.
//
// Assumes common.cl. One item per run of PER_ITEM elements.

#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_refuse_negative
#define TYPE int            // stored type, a signed integer
#define PER_ITEM 4096       // elements that one item copies
#endif

#ifdef ENTRY_refuse_negative
__kernel void KERNEL(refuse_negative)(
    __global const TYPE *x, const long x_offset, __global TYPE *out, const long count,
    __global int *faults, const int check) {
    const long first = (long)get_global_id(0) * PER_ITEM;
    const long end = min(first + PER_ITEM, count);
    int negative = 0;
    for (long i = first; i < end; i++) {
        const TYPE value = x[x_offset + i];
        out[i] = value;
        negative |= value < 0;
    }
    if (negative) {
        faults[check] = 1;
    }
}
#endif
