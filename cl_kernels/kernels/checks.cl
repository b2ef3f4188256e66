// Checks of data by a kernel: refuse copies elements, and sets an error word if any of them is marked as bad.
//
// Assumes common.cl. One item per run of PER_ITEM elements.

#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_refuse
#define TYPE uint           // of an element's size
#define PER_ITEM 4096       // elements of one work-item
#endif

#ifdef ENTRY_refuse
__kernel void KERNEL(refuse)(
    __global const TYPE *x, const long x_offset, __global const uchar *bad, const long bad_offset,
    __global TYPE *out, const long count, __global int *faults, const int check) {
    const long first = (long)get_global_id(0) * PER_ITEM;
    const long end = min(first + PER_ITEM, count);
    int found = 0;
    for (long i = first; i < end; i++) {
        out[i] = x[x_offset + i];
        found |= bad[bad_offset + i];
    }
    if (found) {
        faults[check] = 1;
    }
}
#endif
