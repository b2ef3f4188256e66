// tanh, sigmoid, erf, erfc and the activation functions made of them, on float_v and double_v: softplus, log_sigmoid,
// silu, gelu and gelu_tanh, and derivatives that are more exact or shorter than those by the chain rule.
// Assumes common.cl, exponentials.cl and logarithms.cl.

static inline float_v tanh_float(float_v x) {
    float_v size = fabs(x);
    float_v z = x * x;
    float_v p = multiply_add_float(-6.282466e-03f, z, 2.1077752e-02f);
    p = multiply_add_float(p, z, -5.3853855e-02f);
    p = multiply_add_float(p, z, 1.3332602e-01f);
    p = multiply_add_float(p, z, -3.333332e-01f);
    float_v small = multiply_add_float(p * z, size, size);
    float_v large = 1.0f - 2.0f / (exp_inside_float(2.0f * (size > 10.0f ? 10.0f : size)) + 1.0f);
    return copysign(size < 0.55f ? small : large, x);
}

static inline float_v erf_float(float_v x) {
    float_v size = fabs(x);
    float_v z = x * x;
    float_v fourth = z * z;
    float_v a = multiply_add_float(-3.7612626e-01f, z, 1.2837917e-01f);
    float_v b = multiply_add_float(-2.6854437e-02f, z, 1.12835996e-01f);
    float_v c = multiply_add_float(-8.020726e-04f, z, 5.189521e-03f);
    c = multiply_add_float(7.888763e-05f, fourth, c);
    float_v p = multiply_add_float(multiply_add_float(c, fourth, b), fourth, a);
    float_v small = multiply_add_float(p, size, size);
    a = multiply_add_float(6.349917e-01f, size, 1.1286886e+00f);
    b = multiply_add_float(-2.398105e-02f, size, 1.0649578e-01f);
    c = multiply_add_float(-3.474557e-04f, size, 3.7442667e-03f);
    c = multiply_add_float(1.3659174e-05f, z, c);
    float_v q = multiply_add_float(multiply_add_float(c, z, b), z, a);
    float_v large = 1.0f - exp_inside_float(size > 3.93f ? -18.0f : -size * q);
    return copysign(size < 1.0f ? small : large, x);
}

// (1 + 2 x) exp(x^2) erfc(x) as a polynomial in (x - ERFC_CENTER) / (x + ERFC_CENTER)
#define ERFC_CENTER_float 2.0f
#define ERFC_CENTER_double 3.0
__constant float ERFC_float[] = {2.1322099e-04f, -3.0992585e-04f, -1.4675318e-03f, 1.214869e-03f, 8.726731e-03f,
    -8.024019e-03f, -5.4220572e-02f, 1.6405055e-01f, -1.6603038e-01f, -9.276381e-02f, 1.2769784f};
// erfc(x) is computed as 1 - erf(x) below ERFC_START, and is 0 from ERFC_END on
#define ERFC_START_float 0.5f
#define ERFC_START_double 0.75
#define ERFC_END_float 10.5f
#define ERFC_END_double 28.0

#define SQRT_HALF_float 0.707106769f
#define SQRT_HALF_double 0.7071067811865476
#define NORMAL_HEIGHT_float 0.398942292f
#define NORMAL_HEIGHT_double 0.3989422804014327
// sqrt(2 / pi), and 0.044715 * sqrt(2 / pi)
#define GELU_SLOPE_float 0.797884583f
#define GELU_SLOPE_double 0.7978845608028654
#define GELU_CURVE_float 0.0356774069f
#define GELU_CURVE_double 0.035677408136300125

#if HAS_FP64
__constant double ERFC_double[] = {-1.945639401139548e-08, 3.0743910963175556e-08, 1.1567054186371165e-07,
    -1.3692656995351493e-07, -6.286040068499598e-07, 3.574885529651013e-07, 3.4781213312683936e-06,
    -7.329078286741775e-07, -2.010225019047669e-05, 4.9500898634545505e-06, 0.00012509967314043162,
    -0.00010515993628549014, -0.0007798323122140585, 0.0018886903766791232, 0.0025293918193000165,
    -0.023770514919869493, 0.06830802734382127, -0.11927366341526738, 0.1296451587027645, -0.047562294353451266,
    -0.1356211061245812, 1.2530080582697296};
__constant double ERF_double[] = {5.960337424426988e-11, -1.1374737231504702e-09, 1.4660268348196846e-08,
    -1.635038657368623e-07, 1.646100749137887e-06, -1.4925595704837006e-05, 0.00012055331129843876,
    -0.0008548326981328974, 0.005223977624826476, -0.026866170645077632, 0.11283791670954883, -0.3761263890318375,
    0.1283791670955126};

static inline double_v tanh_double(double_v x) {
    double_v size = fabs(x);
    double_v e = expm1_double(2.0 * (size > 20.0 ? 20.0 : size));
    return copysign(e / (e + 2.0), x);
}
#endif

// erfc(x) for x >= ERFC_START
#define DEFINE_ERFC(T, V)                                                                                             \
    static inline V erfc_tail_##T(V x) {                                                                              \
        V size = x > ERFC_END_##T ? (V)ERFC_END_##T : x;                                                              \
        V place = (size - ERFC_CENTER_##T) / (size + ERFC_CENTER_##T);                                                \
        V height = POLYNOMIAL(T, ERFC_##T, place) / (1 + 2 * size);                                                   \
        V square = size * size;                                                                                       \
        return exp_extended_##T(-square, -fma(size, size, -square), height);                                          \
    }

DEFINE_ERFC(float, float_v)
#if HAS_FP64
DEFINE_ERFC(double, double_v)

static inline double_v erf_double(double_v x) {
    double_v size = fabs(x);
    double_v small = multiply_add_double(POLYNOMIAL(double, ERF_double, x * x), size, size);
    return copysign(size < 1.0 ? small : 1.0 - erfc_tail_double(size), x);
}
#endif

#define DEFINE_ACTIVATIONS(T, V)                                                                                      \
    static inline V erfc_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V tail = erfc_tail_##T(size);                                                                                 \
        return size < ERFC_START_##T ? 1 - erf_##T(x) : x < 0 ? 2 - tail : tail;                                      \
    }                                                                                                                 \
                                                                                                                      \
    static inline V sigmoid_##T(V x) {                                                                                \
        V e = exp_##T(-fabs(x));                                                                                      \
        V divisor = 1 + e;                                                                                            \
        V quotient = (x < 0 ? e : (V)1) / divisor;                                                                    \
        /* correct the quotient for `lost`, the part of e that rounding the divisor lost */                           \
        V lost = e - (divisor - 1);                                                                                   \
        return multiply_add_##T(quotient, lost * ((V)0.5f * e - 1), quotient);                                        \
    }                                                                                                                 \
    static inline V softplus_##T(V x) { return (x < 0 ? (V)0 : x) + log1p_##T(exp_##T(-fabs(x))); }                   \
    static inline V log_sigmoid_##T(V x) { return (x > 0 ? (V)0 : x) - log1p_##T(exp_##T(-fabs(x))); }                \
    static inline V silu_##T(V x) { return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(x); }                          \
    /* the derivative of sigmoid, e^-|x| / (1 + e^-|x|)^2; for large |x| it is 0, and *value 0 or 1 */                \
    static inline V sigmoid_slope_##T(V x, V *value) {                                                                \
        V e = exp_##T(-fabs(x));                                                                                      \
        V divisor = 1 + e;                                                                                            \
        *value = (x < 0 ? e : (V)1) / divisor;                                                                        \
        return e / (divisor * divisor);                                                                               \
    }                                                                                                                 \
    static inline V silu_derivative_##T(V x) {                                                                        \
        V value;                                                                                                      \
        V slope = sigmoid_slope_##T(x, &value);                                                                       \
        return slope == 0 ? value : multiply_add_##T(x, slope, value);                                                \
    }                                                                                                                 \
                                                                                                                      \
    static inline V gelu_##T(V x) {                                                                                   \
        V value = (V)0.5f * x * (1 + erf_##T(x * SQRT_HALF_##T));                                                     \
        return x == -INFINITY ? (V)-0.0f : value;                                                                     \
    }                                                                                                                 \
    static inline V gelu_derivative_##T(V x) {                                                                        \
        V density = fabs(x) == INFINITY ? (V)0 : x * NORMAL_HEIGHT_##T * exp_##T((V)-0.5f * x * x);                   \
        return (V)0.5f * (1 + erf_##T(x * SQRT_HALF_##T)) + density;                                                  \
    }                                                                                                                 \
    /* x / 2 (1 + tanh(u)) is x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3) */                                  \
    static inline V gelu_tanh_##T(V x) {                                                                              \
        V u = x * multiply_add_##T(x * x, GELU_CURVE_##T, GELU_SLOPE_##T);                                            \
        return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(2 * u);                                                    \
    }                                                                                                                 \
    static inline V gelu_tanh_derivative_##T(V x) {                                                                   \
        V square = x * x;                                                                                             \
        V value;                                                                                                      \
        V slope = sigmoid_slope_##T(2 * x * multiply_add_##T(square, GELU_CURVE_##T, GELU_SLOPE_##T), &value);        \
        V inner = x * multiply_add_##T(square, 6 * GELU_CURVE_##T, 2 * GELU_SLOPE_##T);                               \
        return slope == 0 ? value : multiply_add_##T(inner, slope, value);                                            \
    }

DEFINE_ACTIVATIONS(float, float_v)
#if HAS_FP64
DEFINE_ACTIVATIONS(double, double_v)
#endif
