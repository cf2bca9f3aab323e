#include "md5.h"

#include "library.h"
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

enum { MD5_BYTES = 16 };

/* OpenSSL's functions, whose objects are opaque. */
struct crypto {
    void       *(*context_new)(void);
    void        (*context_free)(void *context);
    const void *(*md5)(void);
    int         (*init)(void *context, const void *type, void *engine);
    int         (*update)(void *context, const void *bytes, size_t size);
    int         (*final)(void *context, unsigned char *sum, unsigned *size);
};

struct md5 {
    struct crypto crypto;
    void         *context;
};

static const struct symbol symbols[] = {
    {"EVP_MD_CTX_new", offsetof(struct crypto, context_new)},
    {"EVP_MD_CTX_free", offsetof(struct crypto, context_free)},
    {"EVP_md5", offsetof(struct crypto, md5)},
    {"EVP_DigestInit_ex", offsetof(struct crypto, init)},
    {"EVP_DigestUpdate", offsetof(struct crypto, update)},
    {"EVP_DigestFinal_ex", offsetof(struct crypto, final)},
    {NULL, 0},
};

static const struct library library = {
    .name = "libcrypto", .package = "libssl3", .use = "to check downloads",
    .files = (const char *const[]){"libcrypto.so.3", "libcrypto.so.1.1", NULL}, .symbols = symbols,
};

struct md5 *md5_start(struct error *error)
{
    struct md5 *md5 = calloc(1, sizeof *md5);
    if (!md5) {
        error_memory(error, "a checksum", sizeof *md5);
        return NULL;
    }
    if (library_load(&library, &md5->crypto, error)) {
        md5->context = md5->crypto.context_new();
        if (md5->context && md5->crypto.init(md5->context, md5->crypto.md5(), NULL) == 1)
            return md5;
        error_input(error, "libcrypto does not compute MD5 here (a FIPS mode forbids it), and downloads are checked by it");
        md5->crypto.context_free(md5->context);
    }
    free(md5);
    return NULL;
}

void md5_add(struct md5 *md5, const void *bytes, size_t size)
{
    md5->crypto.update(md5->context, bytes, size);
}

void md5_end(struct md5 *md5, char text[MD5_TEXT])
{
    unsigned char sum[MD5_BYTES] = {0};
    if (!md5)
        return;
    md5->crypto.final(md5->context, sum, NULL);
    for (int i = 0; i < MD5_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    md5->crypto.context_free(md5->context);
    free(md5);
}

bool md5_file(const char *path, bool gzip, char text[MD5_TEXT], struct error *error)
{
    struct md5    *md5 = md5_start(error);
    struct stream *stream = md5 ? stream_open(path, gzip, error) : NULL;
    unsigned char  bytes[1 << 16];
    size_t         got = sizeof bytes;
    bool           good = stream != NULL;
    while (good && got == sizeof bytes) {
        good = stream_read(stream, bytes, sizeof bytes, &got, error);
        if (good)
            md5_add(md5, bytes, got);
    }
    stream_close(stream);
    md5_end(md5, text);
    return good;
}
