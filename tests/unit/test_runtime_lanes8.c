/* Vectors of 8 floats: functions, and the loading of images. */
#define LANES 8
#include "lanes_cases.h"
