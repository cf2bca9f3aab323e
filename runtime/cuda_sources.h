/* The headers that generated CUDA code includes, as text within the trainer: NVRTC gets them from memory. */
#ifndef NETC_CUDA_SOURCES_H
#define NETC_CUDA_SOURCES_H

/* Names, and at the same index texts. */
extern const char *const cuda_header_names[], *const cuda_header_texts[];
extern const int cuda_header_count;

#endif
