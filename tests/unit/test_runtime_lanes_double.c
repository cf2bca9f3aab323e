/* Vectors of 8 doubles: functions, and the loading of images. */
#define NETC_DOUBLE
#define LANES 8
#include "lanes_cases.h"
