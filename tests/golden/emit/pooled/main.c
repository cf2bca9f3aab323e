/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The trainer's main program. */
#include "pooled.h"

int main(int argc, char **argv)
{
    return trainer_main(&pooled_model, argc, argv);
}
