// Products of few rows with a matrix: c[batch, row, column] = sum over k of a[batch, row, k] * b[batch, k, column],
// with at most 8 rows in CPU shape and 1 in GPU shape. A product with a single column comes here too, with both
// operands transposed. Operands and epilogue are as in matmul.cl.
//
// Each element of b is used at most m times, so memory is the limit. The layout of b decides how to read it:
//  * matmul_dots, if the stride of b along k is 1 (or no stride is 1). Each element of c is a dot product of contiguous
//    elements. CPU shape: a work-item takes DOTS columns at a time, so that several loads are under way. GPU shape: one
//    work-group per element.
//  * matmul_sums, if the stride of b along columns is 1. Rows of b, scaled by elements of a, are summed. CPU shape: a
//    work-item takes eight rows of b at a time: for eight multiply-adds it loads and stores a sum once. GPU shape: a
//    work-group takes GROUP_COLUMNS columns, and its work-items share k between them.
// In CPU shape k is cut into blocks whose sums start from zero, so errors grow with the length of a block plus the
// number of blocks. matmul_dots copies a block of a to private memory if its stride along k is not 1.
//
// SPLIT. If there are few columns and k is long, k is cut into parts of `part_length`. The parts are stored in scratch
// memory, and matmul_combine in matmul.cl adds them in order. The cut depends on the shape only.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_matmul_dots 1
#define ENTRY_matmul_sums 1
#define STORAGE float               // the stored type of a, b and c
#define COMPUTE float               // the type of sums
#define MULTIPLY_ADD(x, y, sum) fma(x, y, sum)
#define SPLIT 0                     // 1: store parts to scratch, without the epilogue
#define A_UNIT INNER_AXIS           // CPU shape, dots: INNER_AXIS where the stride of a along k is 1, else NO_AXIS
#define B_UNIT INNER_AXIS           // CPU shape, dots: INNER_AXIS where the stride of b along k is 1, else NO_AXIS
#define ROWS 1                      // CPU shape: m
#define DOTS 4                      // CPU shape, dots: columns at a time
#define CHAINS 1                    // CPU shape, dots: sums per element that grow side by side
#define GROUP_ITEMS 64              // GPU shape: work-items of a group, a power of two
#define GROUP_COLUMNS 32            // GPU shape, sums: columns of a group, a power of two
#endif

// Pointwise work on a finished value, and its store. The coordinates of c are the batch, the channel, which is a row,
// and the position, which is a column. `value` is a vector of COMPUTE for VECTOR_WIDTH positions; in the second form
// only `count` lanes are valid. GPU shape: `value` is one element, and only the first form is used.
#ifndef EPILOGUE_STORE
#define DEFAULT_EPILOGUE
#define EPILOGUE_PARAMETERS         // more kernel parameters, beginning with a comma
#define EPILOGUE_STORE(value, batch, channel, position)                                                               \
    PASTE(store_, STORAGE)(value, c + C_INDEX(batch, channel, position))
#define EPILOGUE_STORE_PART(value, batch, channel, position, count)                                                   \
    PASTE(store_part_, STORAGE)(value, c + C_INDEX(batch, channel, position), 1, count)
#endif

// Prologues: if an operand is the result of pointwise work, X_LOAD(target, batch, channel, position) computes a vector
// of it, and X_LOAD_PART(target, batch, channel, position, count) the first `count` lanes. Vectors of a lie along k.
// Those of b lie along k for dots, and along its columns for sums. See matmul.cl.
#ifndef A_LOAD
#define DEFAULT_A
#define A_PARAMETERS                // more kernel parameters, beginning with a comma
#define A_ARGUMENTS                 // their names, beginning with a comma
#endif
#ifndef B_LOAD
#define DEFAULT_B
#define B_PARAMETERS
#define B_ARGUMENTS
#endif

#define STORED PASTE(storage_, STORAGE)
#define VECTOR PASTE(COMPUTE, _v)
#define LOAD PASTE(load_, STORAGE)
#define LOAD_ONE PASTE(load_one_, STORAGE)
#define LOAD_PART PASTE(load_strided_, STORAGE)

#define ADD(x, y) MULTIPLY_ADD((VECTOR)(1), x, y)

// The code has explicit vectors. This keeps Intel's compiler from vectorising across work-items, which takes five times
// as long to compile.
#define CPU_KERNEL __attribute__((vec_type_hint(VECTOR), reqd_work_group_size(1, 1, 1)))
#define GROUP_KERNEL __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1)))

#define SUM_BLOCK 256               // steps of k in a block of sums
#define DOT_BLOCK (ROWS > 2 ? 512 : 2048)
#define LARGEST_VECTORS (64 / ROWS) // columns of a work-item, in vectors

#if SPLIT
#define OUTPUT COMPUTE
#define STORE(value, batch, row, column)                                                                              \
    PASTE(store_, COMPUTE)(value, c + C_INDEX((long)part * batches + (batch), row, column))
#define STORE_PART(value, batch, row, column, count)                                                                  \
    PASTE(store_part_, COMPUTE)(value, c + C_INDEX((long)part * batches + (batch), row, column), 1, count)
#else
#define OUTPUT STORED
#define STORE EPILOGUE_STORE
#define STORE_PART EPILOGUE_STORE_PART
#endif

// CPU shape: copies `length` computed steps of k of a[batch], from `first` on, to rows that are `stride` apart.
#ifdef A_LOAD
#define COPY_LEFT(left, stride, first, length)                                                                        \
    for (int row = 0; row < ROWS; row++) {                                                                            \
        for (int step = 0; step < (length); step += VECTOR_WIDTH) {                                                   \
            VECTOR x;                                                                                                 \
            if (step + VECTOR_WIDTH <= (length)) {                                                                    \
                A_LOAD(x, batch, row, (first) + step)                                                                 \
            } else {                                                                                                  \
                A_LOAD_PART(x, batch, row, (first) + step, (length) - step)                                           \
            }                                                                                                         \
            VSTORE(x, (left) + row * (stride) + step);                                                                \
        }                                                                                                             \
    }
#endif

#if defined(ENTRY_matmul_dots) && !GPU_SHAPE
#ifdef B_LOAD
#define RIGHT(target, step) B_LOAD(target, batch, column + min(q, width - 1), first + (step))
#elif B_UNIT == INNER_AXIS
#define RIGHT(target, step) target = LOAD(right[q] + (step));
#else
#define RIGHT(target, step) target = LOAD_PART(right[q] + (step) * b_inner, b_inner, VECTOR_WIDTH);
#endif
#if A_UNIT == INNER_AXIS && !defined(A_LOAD)
#define LEFT(row, i) LOAD(left + (row) * left_row + (i))
#define LEFT_ONE(row, i) LOAD_ONE(left + (row) * left_row + (i))
#define LEFT_POINTER __global const STORED *
#else
#define LEFT(row, i) VLOAD(left + (row) * left_row + (i))
#define LEFT_ONE(row, i) left[(row) * left_row + (i)]
#define LEFT_POINTER const COMPUTE *
#endif

static inline COMPUTE KERNEL(sum_lanes)(const VECTOR value) {
    COMPUTE lanes[VECTOR_WIDTH];
    VSTORE(value, lanes);
#pragma unroll
    for (int step = VECTOR_WIDTH / 2; step > 0; step /= 2) {
#pragma unroll
        for (int lane = 0; lane < step; lane++) {
            lanes[lane] = MULTIPLY_ADD((COMPUTE)1, lanes[lane], lanes[lane + step]);
        }
    }
    return lanes[0];
}

// sums[row][column] += the rows of a in `left` times DOTS columns of b, from `column` on, over `length` steps of k,
// from `first` on; b points to the first element. Only `width` of the columns exist.
APART void KERNEL(add_dots)(LEFT_POINTER left, const long left_row, __global const STORED *b, const long b_inner,
                            const long b_column, const int batch, const int column, const int first,
                            const int length, const int width, COMPUTE *sums B_PARAMETERS) {
    VECTOR sum[ROWS][DOTS][CHAINS];
    __global const STORED *right[DOTS];
#pragma unroll
    for (int q = 0; q < DOTS; q++) {
        right[q] = b + min(q, width - 1) * b_column;
#pragma unroll
        for (int place = 0; place < ROWS * CHAINS; place++) {
            sum[place / CHAINS][q][place % CHAINS] = (VECTOR)(0);
        }
    }
    VECTOR finished[ROWS][DOTS];
    int i = 0;
    for (; i + CHAINS * VECTOR_WIDTH <= length; i += CHAINS * VECTOR_WIDTH) {
#pragma unroll
        for (int q = 0; q < DOTS; q++) {
#pragma unroll
            for (int chain = 0; chain < CHAINS; chain++) {
                VECTOR y;
                RIGHT(y, i + chain * VECTOR_WIDTH)
#pragma unroll
                for (int row = 0; row < ROWS; row++) {
                    const VECTOR x = LEFT(row, i + chain * VECTOR_WIDTH);
                    sum[row][q][chain] = MULTIPLY_ADD(x, y, sum[row][q][chain]);
                }
            }
        }
    }
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
#pragma unroll
        for (int q = 0; q < DOTS; q++) {
#pragma unroll
            for (int chain = 1; chain < CHAINS; chain++) {
                sum[row][q][0] = ADD(sum[row][q][0], sum[row][q][chain]);
            }
            finished[row][q] = sum[row][q][0];
        }
    }
    for (int row = 0; row < ROWS; row++) {
        for (int q = 0; q < min(DOTS, width); q++) {
            COMPUTE total = KERNEL(sum_lanes)(finished[row][q]);
#ifdef B_LOAD
            for (int rest = i; rest < length; rest += VECTOR_WIDTH) {
                const int count = min(VECTOR_WIDTH, length - rest);
                COMPUTE right_lanes[VECTOR_WIDTH];
                VECTOR y;
                B_LOAD_PART(y, batch, column + q, first + rest, count)
                VSTORE(y, right_lanes);
                for (int lane = 0; lane < count; lane++) {
                    total = MULTIPLY_ADD(LEFT_ONE(row, rest + lane), right_lanes[lane], total);
                }
            }
#else
            for (int rest = i; rest < length; rest++) {
                total = MULTIPLY_ADD(LEFT_ONE(row, rest), LOAD_ONE(b + q * b_column + rest * b_inner), total);
            }
#endif
            COMPUTE *target = sums + row * LARGEST_VECTORS * VECTOR_WIDTH + q;
            *target = MULTIPLY_ADD((COMPUTE)1, total, *target);
        }
    }
}

__kernel CPU_KERNEL void KERNEL(matmul_dots)(MATMUL_PARAMETERS, __global OUTPUT *c, const int item_columns,
                                             const int places A_PARAMETERS B_PARAMETERS EPILOGUE_PARAMETERS) {
#if A_UNIT != INNER_AXIS || defined(A_LOAD)
    COMPUTE left[ROWS * DOT_BLOCK];
    const long left_row = DOT_BLOCK;
#endif
    COMPUTE sums[ROWS][LARGEST_VECTORS * VECTOR_WIDTH];
    const int column_blocks = (n + item_columns - 1) / item_columns;
    const long items = get_global_size(0), item = get_global_id(0);
    const int last_place = (int)(places * (item + 1) / items);
    for (int place = (int)(places * item / items); place < last_place; place++) {
        const int first_column = place % column_blocks * item_columns;
        const int batch = place / column_blocks % batches, part = place / column_blocks / batches;
        const int width = min(item_columns, n - first_column);
        const int first_k = part * part_length, last_k = min(first_k + part_length, k);
        __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
        __global const STORED *b_batch = b + BATCH_OFFSET(b, batch) + first_column * b_column;
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < item_columns; column++) {
                sums[row][column] = 0;
            }
        }
        for (int block = first_k; block < last_k; block += DOT_BLOCK) {
            const int length = min(DOT_BLOCK, last_k - block);
#ifdef A_LOAD
            COPY_LEFT(left, DOT_BLOCK, block, length)
#elif A_UNIT == INNER_AXIS
            __global const STORED *left = a_batch + block;
            const long left_row = a_row;
#else
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < length; i++) {
                    left[row * DOT_BLOCK + i] = LOAD_ONE(a_batch + row * a_row + (block + i) * a_inner);
                }
            }
#endif
            for (int column = 0; column < width; column += DOTS) {
                KERNEL(add_dots)(left, left_row, b_batch + column * b_column + block * b_inner, b_inner, b_column,
                                 batch, first_column + column, block, length, width - column,
                                 sums[0] + column B_ARGUMENTS);
            }
        }
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < width; column += VECTOR_WIDTH) {
                const VECTOR value = VLOAD(sums[row] + column);
                if (column + VECTOR_WIDTH <= width) {
                    STORE(value, batch, row, first_column + column);
                } else {
                    STORE_PART(value, batch, row, first_column + column, width - column);
                }
            }
        }
    }
}
#undef RIGHT
#undef LEFT
#undef LEFT_ONE
#undef LEFT_POINTER
#endif

#if defined(ENTRY_matmul_sums) && !GPU_SHAPE
#ifdef A_LOAD
#define LEFT(row, i) left[row][(i) - block]
#else
#define LEFT(row, i) LOAD_ONE(a_batch + (row) * a_row + (i) * a_inner)
#endif
#ifdef B_LOAD
#define RIGHT(target, step, vector)                                                                                   \
    if ((vector) < width / VECTOR_WIDTH) {                                                                            \
        B_LOAD(target, batch, step, first_column + (vector) * VECTOR_WIDTH)                                           \
    } else {                                                                                                          \
        B_LOAD_PART(target, batch, step, first_column + (vector) * VECTOR_WIDTH, width - (vector) * VECTOR_WIDTH)     \
    }
#else
#define RIGHT(target, step, vector)                                                                                   \
    __global const STORED *right = b_batch + (step) * b_inner + (vector) * VECTOR_WIDTH;                              \
    target = (vector) < whole ? LOAD(right) : LOAD_PART(right, 1, width - (vector) * VECTOR_WIDTH);
#endif

// sums += `steps` rows of b, scaled by elements of a.
#define ADD_ROWS(steps)                                                                                               \
    for (int j = 0; j < vectors; j++) {                                                                               \
        VECTOR y[steps];                                                                                              \
        _Pragma("unroll") for (int u = 0; u < steps; u++) {                                                           \
            RIGHT(y[u], i + u, j)                                                                                     \
        }                                                                                                             \
        _Pragma("unroll") for (int row = 0; row < ROWS; row++) {                                                      \
            VECTOR sum = sums[row][j];                                                                                \
            _Pragma("unroll") for (int u = 0; u < steps; u++) {                                                       \
                const VECTOR x = (VECTOR)(LEFT(row, i + u));                                                          \
                sum = MULTIPLY_ADD(x, y[u], sum);                                                                     \
            }                                                                                                         \
            sums[row][j] = sum;                                                                                       \
        }                                                                                                             \
    }

__kernel CPU_KERNEL void KERNEL(matmul_sums)(MATMUL_PARAMETERS, __global OUTPUT *c, const int item_columns,
                                             const int places A_PARAMETERS B_PARAMETERS EPILOGUE_PARAMETERS) {
#ifdef A_LOAD
    COMPUTE left[ROWS][SUM_BLOCK];
#endif
    VECTOR sums[ROWS][LARGEST_VECTORS], totals[ROWS][LARGEST_VECTORS];
    const int column_blocks = (n + item_columns - 1) / item_columns;
    const long items = get_global_size(0), item = get_global_id(0);
    const int last_place = (int)(places * (item + 1) / items);
    for (int place = (int)(places * item / items); place < last_place; place++) {
        const int first_column = place % column_blocks * item_columns;
        const int batch = place / column_blocks % batches, part = place / column_blocks / batches;
        const int width = min(item_columns, n - first_column);
        const int vectors = (width + VECTOR_WIDTH - 1) / VECTOR_WIDTH, tail = width % VECTOR_WIDTH;
        const int first_k = part * part_length, last_k = min(first_k + part_length, k);
        __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
        __global const STORED *b_batch = b + BATCH_OFFSET(b, batch) + first_column;
        for (int row = 0; row < ROWS; row++) {
            for (int j = 0; j < vectors; j++) {
                totals[row][j] = (VECTOR)(0);
            }
        }
        for (int block = first_k; block < last_k; block += SUM_BLOCK) {
            const int stop = min(block + SUM_BLOCK, last_k);
            for (int row = 0; row < ROWS; row++) {
                for (int j = 0; j < vectors; j++) {
                    sums[row][j] = (VECTOR)(0);
                }
            }
#ifdef A_LOAD
            COPY_LEFT(left[0], SUM_BLOCK, block, stop - block)
#endif
            // First the rows of b that can be read in whole vectors, eight at a time; then the others one by one.
            const int readable = WHOLE_VECTOR_ROWS(stop - block, k - block, tail ? tail : VECTOR_WIDTH);
            int i = block, whole = vectors;
            for (; i + 8 <= block + readable; i += 8) {
                ADD_ROWS(8)
            }
            for (whole = width / VECTOR_WIDTH; i < stop; i++) {
                ADD_ROWS(1)
            }
            for (int row = 0; row < ROWS; row++) {
                for (int j = 0; j < vectors; j++) {
                    totals[row][j] = ADD(totals[row][j], sums[row][j]);
                }
            }
        }
        for (int row = 0; row < ROWS; row++) {
            for (int j = 0; j < vectors; j++) {
                const int column = first_column + j * VECTOR_WIDTH;
                if (column + VECTOR_WIDTH <= n) {
                    STORE(totals[row][j], batch, row, column);
                } else {
                    STORE_PART(totals[row][j], batch, row, column, n - column);
                }
            }
        }
    }
}
#undef ADD_ROWS
#undef RIGHT
#undef LEFT
#endif

// GPU shape: sets `target` to an element of a[batch] or b[batch].
#ifdef A_LOAD
#define A_ELEMENT(target, row, i) A_LOAD(target, batch, row, i)
#else
#define A_ELEMENT(target, row, i) target = LOAD_ONE(a_batch + (row) * a_row + (i) * a_inner);
#endif
#ifdef B_LOAD
#define B_ELEMENT(target, i, column) B_LOAD(target, batch, i, column)
#else
#define B_ELEMENT(target, i, column) target = LOAD_ONE(b_batch + (column) * b_column + (i) * b_inner);
#endif

#if defined(ENTRY_matmul_dots) && GPU_SHAPE
__kernel GROUP_KERNEL void KERNEL(matmul_dots)(
    MATMUL_PARAMETERS, __global OUTPUT *c A_PARAMETERS B_PARAMETERS EPILOGUE_PARAMETERS) {
    __local COMPUTE sums[GROUP_ITEMS];
    const int item = get_local_id(0), place = get_group_id(0);
    const int column = place % n, batch = place / n % batches, part = place / n / batches;
    const int first_k = part * part_length, last_k = min(first_k + part_length, k);
    __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
    __global const STORED *b_batch = b + BATCH_OFFSET(b, batch);
    COMPUTE sum = 0;
    for (int step = first_k + item; step < last_k; step += GROUP_ITEMS) {
        COMPUTE x, y;
        A_ELEMENT(x, 0, step)
        B_ELEMENT(y, step, column)
        sum = MULTIPLY_ADD(x, y, sum);
    }
    sums[item] = sum;
    for (int step = GROUP_ITEMS / 2; step > 0; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < step) {
            sums[item] = ADD(sums[item], sums[item + step]);
        }
    }
    if (item == 0) {
        STORE(sums[0], batch, 0, column);
    }
}
#endif

#if defined(ENTRY_matmul_sums) && GPU_SHAPE
__kernel GROUP_KERNEL void KERNEL(matmul_sums)(
    MATMUL_PARAMETERS, __global OUTPUT *c A_PARAMETERS B_PARAMETERS EPILOGUE_PARAMETERS) {
    __local COMPUTE sums[GROUP_ITEMS];
    const int item = get_local_id(0), place = get_group_id(0);
    const int column_blocks = (n + GROUP_COLUMNS - 1) / GROUP_COLUMNS;
    const int column = place % column_blocks * GROUP_COLUMNS + item % GROUP_COLUMNS;
    const int batch = place / column_blocks % batches, part = place / column_blocks / batches;
    const int first_k = part * part_length, last_k = min(first_k + part_length, k);
    __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
    __global const STORED *b_batch = b + BATCH_OFFSET(b, batch);
    COMPUTE sum = 0;
    for (int step = first_k + item / GROUP_COLUMNS; step < last_k; step += GROUP_ITEMS / GROUP_COLUMNS) {
        COMPUTE x, y;
        A_ELEMENT(x, 0, step)
        B_ELEMENT(y, step, min(column, n - 1))
        sum = MULTIPLY_ADD(x, y, sum);
    }
    sums[item] = sum;
    for (int step = GROUP_ITEMS / 2; step >= GROUP_COLUMNS; step /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < step) {
            sums[item] = ADD(sums[item], sums[item + step]);
        }
    }
    if (item < GROUP_COLUMNS && column < n) {
        STORE(sums[item], batch, 0, column);
    }
}
#endif

#ifdef DEFAULT_A
#undef DEFAULT_A
#undef A_PARAMETERS
#undef A_ARGUMENTS
#endif
#ifdef DEFAULT_B
#undef DEFAULT_B
#undef B_PARAMETERS
#undef B_ARGUMENTS
#endif
#ifdef DEFAULT_EPILOGUE
#undef DEFAULT_EPILOGUE
#undef EPILOGUE_PARAMETERS
#undef EPILOGUE_STORE
#undef EPILOGUE_STORE_PART
#endif
#undef STORED
#undef VECTOR
#undef LOAD
#undef LOAD_ONE
#undef LOAD_PART
#undef ADD
#undef CPU_KERNEL
#undef GROUP_KERNEL
#undef SUM_BLOCK
#undef DOT_BLOCK
#undef LARGEST_VECTORS
#undef OUTPUT
#undef STORE
#undef STORE_PART
#undef COPY_LEFT
#undef A_ELEMENT
#undef B_ELEMENT
