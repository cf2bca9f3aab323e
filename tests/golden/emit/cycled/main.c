/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The trainer's main program. */
#include "cycled.h"

int main(int argc, char **argv)
{
    return trainer_main(&cycled_model, argc, argv);
}
