/* Vectors of 16 floats: functions, and the loading of images. */
#define LANES 16
#include "lanes_cases.h"
