/* How fast this machine multiplies and adds: what the kernels' speed is compared with. */
#ifndef NETC_PEAK_H
#define NETC_PEAK_H

/* Floating-point operations a second on so many threads at once, all together: the fastest of several short runs of a
 * loop of multiply-adds in the target's vectors that do not wait for one another. */
double peak_flops(int threads);

#endif
