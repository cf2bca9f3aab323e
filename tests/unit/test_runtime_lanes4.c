/* Vectors of 4 floats: functions, and the loading of images. */
#define LANES 4
#include "lanes_cases.h"
