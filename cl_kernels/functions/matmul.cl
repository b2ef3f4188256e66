// The parameters of matrix products, and the places of their elements.

// The axis along which the elements of an operand are neighbours.
#define INNER_AXIS 1
#define OUTER_AXIS 2
#define NO_AXIS 0

// All parameters but those of the result and of the share of a work-item.
#define MATMUL_PARAMETERS                                                                                             \
    __global const PASTE(storage_, STORAGE) *a, __global const PASTE(storage_, STORAGE) *b, const long a_offset,      \
        const long b_offset, const int m, const int n, const int k, const long a_row, const long a_inner,             \
        const long b_inner, const long b_column, const int batches, const int batch_1, const int batch_2,             \
        const long a_batch_0, const long a_batch_1, const long a_batch_2, const long b_batch_0, const long b_batch_1, \
        const long b_batch_2, const int part_length

// Where a batch begins: up to three batch axes, the last of lengths batch_1 and batch_2.
#define BATCH_OFFSET(operand, batch)                                                                                  \
    (operand##_offset + (batch) / batch_2 / batch_1 * operand##_batch_0 +                                             \
     (batch) / batch_2 % batch_1 * operand##_batch_1 + (batch) % batch_2 * operand##_batch_2)

// The place of an element of c, which is row-major.
#define C_INDEX(batch, row, column) (((long)(batch) * m + (row)) * n + (column))

// The number of the `length` rows of b in which a whole vector may be read although only `width` columns are left: the
// rows in which it ends before the last element of b. `remaining` is the number of rows up to the end of b.
#define WHOLE_VECTOR_ROWS(length, remaining, width)                                                                   \
    ((width) == VECTOR_WIDTH ? (length)                                                                               \
     : b_inner <= 0 ? 0                                                                                               \
                    : (int)min((long)(length), (remaining) - (VECTOR_WIDTH - (width) + b_inner - 1) / b_inner))
