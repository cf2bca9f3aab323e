/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The trainer's main program. */
#include "settings.h"

int main(int argc, char **argv)
{
    return trainer_main(&settings_model, argc, argv);
}
