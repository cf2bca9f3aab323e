/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: 0e0abb9dcdae3210cf21faa78e2e8be1db28f64ecc66a1f3f927c5d3691503f0
 * The trainer's main program. */
#include "settings.h"

int main(int argc, char **argv)
{
    return trainer_main(&settings_model, argc, argv);
}
