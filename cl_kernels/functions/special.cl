// erfinv, gamma, lgamma, digamma, polygamma, i0 and iv on float_v and double_v. Assumes common.cl, exponentials.cl,
// logarithms.cl, activations.cl and trigonometry.cl.

// erfinv(x) / x in w - 2.5, w = -log(1 - x^2) < 5, and in sqrt(w) - ERFINV_CENTER beyond
__constant float ERFINV_float[] = {2.8540724e-08f, 3.4374392e-07f, -3.528935e-06f, -4.396959e-06f, 2.1860246e-04f,
    -1.2537069e-03f, -4.1777077e-03f, 2.4664073e-01f, 1.5014094f};
__constant float ERFINV_TAIL_float[] = {-1.2156015e-04f, 5.098657e-05f, 1.2394065e-03f, -3.6229598e-03f,
    5.7906723e-03f, -7.6358747e-03f, 9.430889e-03f, 1.0016748f, 2.832977f};
// log gamma(1 + g) / g and 1 / gamma(1 + g) for |g| <= 1/2
__constant float LGAMMA_float[] = {1.5753028e-01f, -1.785614e-01f, 5.2568536e-02f, -4.994091e-02f, 1.0475128e-01f,
    -1.1890385e-01f, 1.2523223e-01f, -1.4335558e-01f, 1.695574e-01f, -2.0741536e-01f, 2.7058125e-01f,
    -4.0068516e-01f, 8.22467e-01f, -5.772157e-01f};
__constant float RECIPROCAL_GAMMA_float[] = {-1.0772486e-03f, 7.093302e-03f, -9.643482e-03f, -4.2173866e-02f,
    1.665408e-01f, -4.2004302e-02f, -6.558781e-01f, 5.772157e-01f, 1.0f};
// log gamma(2 + f) / f for |f| <= 1/2
__constant float LGAMMA_TWO_float[] = {1.2247528e-04f, -2.5375324e-04f, 5.0144177e-04f, -1.1859005e-03f,
    2.891749e-03f, -7.3861666e-03f, 2.0580733e-02f, -6.735228e-02f, 3.2246703e-01f, 4.2278433e-01f};
// what Stirling's formula leaves: x (log gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2), in 1 / x^2
__constant float STIRLING_float[] = {7.7316165e-04f, -2.7775716e-03f, 8.3333336e-02f};
// x^2 (log x - 1 / (2 x) - digamma(x)), in 1 / x^2
__constant float DIGAMMA_float[] = {3.8479264e-03f, -8.332258e-03f, 8.333333e-02f};
// digamma(x) / (x - DIGAMMA_ROOT) in x - 3/2 for 1 <= x <= 2
#define DIGAMMA_ROOT_float 1.46163213f
#define DIGAMMA_ROOT_LOW_float 1.24381501e-08f
#define DIGAMMA_ROOT_double 1.4616321449683622
#define DIGAMMA_ROOT_LOW_double 9.549995429965697e-17
__constant float DIGAMMA_SLOPE_float[] = {-1.624214e-02f, 2.3952965e-02f, -2.5862364e-02f, 3.9349273e-02f,
    -6.204155e-02f, 9.511909e-02f, -1.4839987e-01f, 2.4053833e-01f, -4.2362747e-01f, 9.510559e-01f};
// 4 (i0(x) - 1) / x^2 in x^2 / 4, and i0(x) exp(-x) sqrt(x) in I0_PLACE
__constant float I0_float[] = {1.1257829e-15f, 5.6020652e-14f, 8.0235e-12f, 6.0947214e-10f, 3.9414978e-08f,
    1.9287565e-06f, 6.944531e-05f, 1.7361094e-03f, 2.777778e-02f, 2.5e-01f, 1.0f};
__constant float I0_TAIL_float[] = {3.9897496e-01f, -1.7053831e-02f, 3.411066e-02f, 2.788526e-02f, 4.9869787e-02f,
    3.9894226e-01f};
#define ERFINV_CENTER_float 3.0f
#define ERFINV_CENTER_double 4.0
// up to here digamma(x) is -1 / x; from there on i0(x) is inf
#define DIGAMMA_POLE_float 1e-9f
#define DIGAMMA_POLE_double 1e-17
#define I0_END_float 100.0f
#define I0_END_double 720.0
#define I0_PLACE_float(x) (1 / (x))
#define I0_PLACE_double(x) (16 / (x)-1)
#define HALF_LOG_TWO_PI_float 0.918938518f
#define HALF_LOG_TWO_PI_double 0.9189385332046727
#define SQRT_TWO_PI_float 2.50662827f
#define SQRT_TWO_PI_double 2.5066282746310002

static inline float_v polish_erfinv_float(float_v guess, float_v x) { return guess; }

#if HAS_FP64
__constant double ERFINV_double[] = {2.8540724e-08, 3.4374392e-07, -3.528935e-06, -4.396959e-06, 0.00021860246,
    -0.0012537069, -0.0041777077, 0.24664073, 1.5014094};
__constant double ERFINV_TAIL_double[] = {1.7826641355511768e-05, -7.891497848711548e-05, 9.049240263607491e-05,
    -2.770969567678212e-05, 0.0002563264132138153, -0.0009420470401260818, 0.0012929014752747882, 1.009510908490366,
    3.839781475454674};
__constant double LGAMMA_double[] = {-0.2008277719239278, 0.21987668195963886, 0.11374499312851041,
    -0.1370886098718834, -0.11662826479341938, 0.1354596445993344, -0.02647103264574542, 0.02205931176190499,
    -0.05659513195458328, 0.06130947049635004, -0.05833503950047064, 0.06169086466468906, -0.06670741032221521,
    0.07151141539848782, -0.07693073445250741, 0.08334867564277389, -0.09095404750234472, 0.10009968129223473,
    -0.11133426696204075, 0.12550966350091125, -0.144049896703747, 0.1695571770884786, -0.20738555102981934,
    0.27058080842714527, -0.4006856343865247, 0.8224670334241145, -0.5772156649015329};
__constant double LGAMMA_TWO_double[] = {-3.351870822158601e-08, 6.47469083642452e-08, -9.225027514651501e-08,
    2.019184171294537e-07, -4.5259089621514645e-07, 9.584280337783796e-07, -2.038384760092995e-06,
    4.3742222028465335e-06, -9.439619380372206e-06, 2.0507292085667266e-05, -4.4926223546919037e-05,
    9.945750669085188e-05, -0.00022315475927776705, 0.0005096695250233428, -0.0011927539116732687,
    0.0028905103307344526, -0.007385551028674545, 0.02058080842778463, -0.06735230105319809, 0.3224670334241132,
    0.42278433509846713};
__constant double DIGAMMA_SLOPE_double[] = {-0.00017699721332415215, 0.00026052397744872957, -0.0001464401435481303,
    0.00022622604594120687, -0.00048501521216756763, 0.0007238393067074114, -0.001036757667762843,
    0.0015564875817201775, -0.002345436150519808, 0.0035190308370722408, -0.0052799444862686624, 0.0079269420906884,
    -0.011908219547930279, 0.017907252601594325, -0.02697579668560246, 0.040760833806538777, -0.061922133274833945,
    0.09498872445504894, -0.1484049230538885, 0.24054248424077346, -0.4236274212814606, 0.951055876031833};
__constant double RECIPROCAL_GAMMA_double[] = {-2.0025855920776417e-07, 1.138130181749736e-06,
    -1.2528297472375882e-06, -2.013668698188092e-05, 0.00012805081254912076, -0.0002152413326220712,
    -0.0011651676588224752, 0.00721894321233459, -0.009621971523255952, -0.04219773455376832, 0.16653861138213372,
    -0.04200263503413575, -0.6558780715202518, 0.5772156649015331, 1.0};
__constant double STIRLING_double[] = {-0.018479076702636085, 0.006060698093873861, -0.0019113037245194146,
    0.0008416861951617021, -0.0005952377098244728, 0.0007936507924247642, -0.002777777777776021,
    0.08333333333333333};
__constant double DIGAMMA_double[] = {-0.2870641915799671, 0.07927967520619497, -0.021033038896969353,
    0.007575235249552086, -0.004166663977794618, 0.003968253960552479, -0.008333333333322632, 0.08333333333333333};
__constant double I0_double[] = {1.1899713412333076e-29, 2.0259214096368895e-27, 5.945500039878544e-25,
    1.3133305870304005e-22, 2.5793635676732386e-20, 4.3583334627593735e-18, 6.276086776523041e-16,
    7.594058036669842e-14, 7.594058449194433e-12, 6.151187325943868e-10, 3.93675988916511e-08,
    1.9290123456785156e-06, 6.944444444444514e-05, 0.0017361111111111106, 0.02777777777777778, 0.25, 1.0};
__constant double I0_TAIL_double[] = {8.889574257133445e-11, 3.932052397299301e-11, -6.384589673644537e-10,
    -2.958827745495895e-10, 2.141027121810199e-09, 1.139196877951608e-09, -4.505092832127328e-09,
    -3.1764957409931416e-09, 6.505383382879502e-09, 7.3673626789202266e-09, -5.011031591347698e-09,
    -1.334091123806193e-08, -6.857834329606724e-09, 7.538722378970556e-09, 2.1567888547424773e-08,
    3.9328123823668175e-08, 8.8720163421317e-08, 2.973596788251781e-07, 1.4838476750532383e-06,
    1.1143033797461893e-05, 0.00013621607438964208, 0.0033605519836677916, 0.4021765094450081};

// Halley's step from a guess with 20 right bits, for 0 <= x < 1
static inline double_v polish_erfinv_double(double_v guess, double_v x) {
    double_v error = x < 0.5 ? erf_double(guess) - x : (1.0 - x) - erfc_double(guess);
    double_v step = error * 0.8862269254527580 * exp_double(guess * guess);
    return guess - step / (1.0 + guess * step);
}
#endif

// B(2 k) / (2 k)!
#define BERNOULLI_TERMS 9
__constant float BERNOULLI_float[] = {8.3333336e-2f, -1.3888889e-3f, 3.3068783e-5f, -8.267196e-7f, 2.0876757e-8f,
    -5.28419e-10f, 1.3382537e-11f, -3.3896803e-13f, 8.586062e-15f};
#if HAS_FP64
__constant double BERNOULLI_double[] = {0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05,
    -8.267195767195768e-07, 2.08767569878681e-08, -5.284190138687493e-10, 1.3382536530684679e-11,
    -3.3896802963225827e-13, 8.586062056277845e-15};
#endif

#define DEFINE_SPECIAL(T, V)                                                                                          \
    static inline V inverse_power_##T(V x, int power) {                                                               \
        V value = 1;                                                                                                  \
        for (int k = 0; k < power; k++) {                                                                             \
            value /= x;                                                                                               \
        }                                                                                                             \
        return value;                                                                                                 \
    }                                                                                                                 \
                                                                                                                      \
    static inline V erfinv_##T(V x) {                                                                                 \
        V size = fabs(x);                                                                                             \
        V w = -log_##T((1 - size) * (1 + size));                                                                      \
        V tail = POLYNOMIAL(T, ERFINV_TAIL_##T, sqrt(w) - ERFINV_CENTER_##T);                                         \
        V value = size * (w < 5 ? POLYNOMIAL(T, ERFINV_##T, w - (V)2.5f) : tail);                                     \
        return copysign(size == 1 ? (V)INFINITY : polish_erfinv_##T(value, size), x);                                 \
    }                                                                                                                 \
                                                                                                                      \
    /* (x - 1/2) log x - x + what Stirling's formula leaves, as high + low, for x >= 7 */                             \
    static inline V stirling_##T(V x, V *low) {                                                                       \
        V log_low;                                                                                                    \
        V log_high = log_extended_##T(x, &log_low);                                                                   \
        V factor = x - (V)0.5f;                                                                                       \
        V product = factor * log_high;                                                                                \
        V high = product - x;                                                                                         \
        V rest = POLYNOMIAL(T, STIRLING_##T, 1 / (x * x)) / x;                                                        \
        *low = (product - high) - x + (fma(factor, log_high, -product) + factor * log_low) + rest;                    \
        return high;                                                                                                  \
    }                                                                                                                 \
    /* for 1.5 <= x < 7.5 the y in [1.5, 2.5) a whole number below, and the product of y, y + 1, ... x - 1 */         \
    static inline V fall_to_two_##T(V x, V *product) {                                                                \
        V p = 1;                                                                                                      \
        for (int step = 0; step < 5; step++) {                                                                        \
            V next = x - 1;                                                                                           \
            p = x >= (V)2.5f ? p * next : p;                                                                          \
            x = x >= (V)2.5f ? next : x;                                                                              \
        }                                                                                                             \
        *product = p;                                                                                                 \
        return x;                                                                                                     \
    }                                                                                                                 \
    /* gamma(x) gamma(-x) for x > 0 */                                                                                \
    static inline V reflection_##T(V x) { return -PI_##T / (x * sin_pi_##T(x)); }                                     \
                                                                                                                      \
    static inline V gamma_##T(V x) {                                                                                  \
        V size = fabs(x);                                                                                             \
        V product, low;                                                                                               \
        V y = fall_to_two_##T(size, &product);                                                                        \
        V place = size < (V)0.5f ? x : size < (V)1.5f ? size - 1 : y - 2;                                             \
        V numerator = size < (V)1.5f ? (V)1 : product * (y - 1);                                                      \
        V middle = numerator / (POLYNOMIAL(T, RECIPROCAL_GAMMA_##T, place) * (size < (V)0.5f ? x : (V)1));            \
        V reflected = reflection_##T(size);                                                                           \
        middle = x <= (V)-0.5f ? reflected / middle : middle;                                                         \
        V high = stirling_##T(size < 7 ? (V)7 : size > 200 ? (V)200 : size, &low);                                    \
        V factor = x < 0 ? reflected / SQRT_TWO_PI_##T : (V)SQRT_TWO_PI_##T;                                          \
        V large = exp_extended_##T(x < 0 ? -high : high, x < 0 ? -low : low, factor);                                 \
        V value = size < 7 ? middle : large;                                                                          \
        return x < 0 && rint(x) == x ? (V)NAN : x != x ? x : value;                                                   \
    }                                                                                                                 \
                                                                                                                      \
    static inline V lgamma_##T(V x) {                                                                                 \
        V size = fabs(x);                                                                                             \
        V product, low;                                                                                               \
        V y = fall_to_two_##T(size, &product);                                                                        \
        V logarithm = log_##T(size < (V)0.5f ? size : product);                                                       \
        V near_one = size < (V)0.5f ? x : size - 1;                                                                   \
        near_one = near_one * POLYNOMIAL(T, LGAMMA_##T, near_one);                                                    \
        near_one = size < (V)0.5f ? near_one - logarithm : near_one;                                                  \
        V near_two = (y - 2) * POLYNOMIAL(T, LGAMMA_TWO_##T, y - 2) + logarithm;                                      \
        V middle = size < (V)1.5f ? near_one : near_two;                                                              \
        V high = stirling_##T(size < 7 ? (V)7 : size, &low);                                                          \
        /* + 0: log gamma(1) is 0, not -0 */                                                                          \
        V value = size < 7 ? middle + 0 : high + (low + HALF_LOG_TWO_PI_##T);                                         \
        value = x <= (V)-0.5f ? log_##T(fabs(reflection_##T(size))) - value : value;                                  \
        return size == INFINITY ? (V)INFINITY : value;                                                                \
    }                                                                                                                 \
                                                                                                                      \
    static inline V digamma_##T(V x) {                                                                                \
        V size = fabs(x);                                                                                             \
        V y = size;                                                                                                   \
        V sum = y < 1 ? -1 / y : (V)0;                                                                                \
        y = y < 1 ? y + 1 : y;                                                                                        \
        for (int step = 0; step < 6; step++) {                                                                        \
            V next = y - 1;                                                                                           \
            sum = y > 2 ? sum + 1 / next : sum;                                                                       \
            y = y > 2 ? next : y;                                                                                     \
        }                                                                                                             \
        V place = (y - DIGAMMA_ROOT_##T) - DIGAMMA_ROOT_LOW_##T;                                                      \
        V middle = sum + place * POLYNOMIAL(T, DIGAMMA_SLOPE_##T, y - (V)1.5f);                                       \
        V z = 1 / (size * size);                                                                                      \
        V large = log_##T(size) - (V)0.5f / size - z * POLYNOMIAL(T, DIGAMMA_##T, z);                                 \
        V value = size < 8 ? middle : large;                                                                          \
        V cotangent = PI_##T * sin_pi_##T((V)0.5f - 2 * rint((V)0.5f * size) + size) / sin_pi_##T(size);              \
        value = x < 0 ? value + 1 / size + cotangent : value;                                                         \
        value = x < 0 && rint(x) == x ? (V)NAN : value;                                                               \
        /* also where 1 / x overflows */                                                                              \
        return size < DIGAMMA_POLE_##T ? -1 / x : x == -INFINITY ? (V)NAN : value;                                    \
    }                                                                                                                 \
                                                                                                                      \
    /* the order-th derivative of digamma, order >= 1: (-1)^(order + 1) order! times the sum over k >= 0 of           \
       1 / (x + k)^(order + 1), whose part from a large x + k on is Euler and Maclaurin's formula. NaN below -1000. */\
    static inline V polygamma_##T(V x, int order) {                                                                   \
        V sum = 0;                                                                                                    \
        V y = x;                                                                                                      \
        V start = (T)(order + 12);                                                                                    \
        for (int step = 0; step < 1000 + order + 12 && ANY(y < start); step++) {                                      \
            sum = y < start ? sum + inverse_power_##T(y, order + 1) : sum;                                            \
            y = y < start ? y + 1 : y;                                                                                \
        }                                                                                                             \
        V power = inverse_power_##T(y, order);                                                                        \
        V z = 1 / (y * y);                                                                                            \
        sum += power / (T)order + (V)0.5f * power / y;                                                                \
        V term = power / y * (T)(order + 1) / y;                                                                      \
        for (int k = 0; k < BERNOULLI_TERMS; k++) {                                                                   \
            sum += term * BERNOULLI_##T[k];                                                                           \
            term *= z * (T)(order + 2 * k + 2) * (T)(order + 2 * k + 3);                                              \
        }                                                                                                             \
        T factorial = order & 1 ? 1 : -1;                                                                             \
        for (int k = 2; k <= order; k++) {                                                                            \
            factorial *= k;                                                                                           \
        }                                                                                                             \
        V value = y < start ? (V)NAN : factorial * sum;                                                               \
        value = x <= 0 && rint(x) == x ? (order & 1 ? (V)INFINITY : (V)NAN) : value;                                  \
        return x == INFINITY ? (V)0 * factorial : value;                                                              \
    }                                                                                                                 \
                                                                                                                      \
    static inline V i0_##T(V x) {                                                                                     \
        V size = fabs(x);                                                                                             \
        V z = (V)0.25f * size * size;                                                                                 \
        V small = 1 + z * POLYNOMIAL(T, I0_##T, z);                                                                   \
        V factor = POLYNOMIAL(T, I0_TAIL_##T, I0_PLACE_##T(size)) / sqrt(size);                                       \
        return size <= 8 ? small : size > I0_END_##T ? size * INFINITY : exp_extended_##T(size, 0, factor);           \
    }                                                                                                                 \
    /* the modified Bessel function of the first kind of a whole order >= 0, by its series, whose terms all have one  \
       sign: as right as so many multiplications leave it, for the derivatives of i0 */                               \
    static inline V iv_##T(V x, int order) {                                                                          \
        V half_x = (V)0.5f * x;                                                                                       \
        V z = half_x * half_x;                                                                                        \
        V term = 1;                                                                                                   \
        for (int k = 1; k <= order; k++) {                                                                            \
            term *= half_x / (T)k;                                                                                    \
        }                                                                                                             \
        V sum = term;                                                                                                 \
        for (int k = 1; k < 2000 && ANY(fabs(sum + term) > fabs(sum) || (T)k * (T)(k + order) < z); k++) {            \
            term *= z / ((T)k * (T)(k + order));                                                                      \
            sum += term;                                                                                              \
        }                                                                                                             \
        return x == 0 || fabs(x) < INFINITY ? sum : order & 1 ? x : fabs(x);                                          \
    }

DEFINE_SPECIAL(float, float_v)
#if HAS_FP64
DEFINE_SPECIAL(double, double_v)
#endif
