/* The scalar of all computation. Trainers use float; the tests' gradient checks build everything with -DNETC_DOUBLE. */
#ifndef NETC_REAL_H
#define NETC_REAL_H

#ifdef NETC_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
