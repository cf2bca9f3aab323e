/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The trainer's main program. */
#include "units.h"

int main(int argc, char **argv)
{
    return trainer_main(&units_model, argc, argv);
}
