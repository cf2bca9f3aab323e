#include "fetch.h"

#include "interrupt.h"
#include "library.h"
#include "md5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* libcurl's functions, options and results, by the numbers that its binary interface has fixed. */
struct curl {
    void       *(*init)(void);
    int         (*setopt)(void *handle, int option, ...);
    int         (*perform)(void *handle);
    int         (*getinfo)(void *handle, int info, ...);
    void        (*cleanup)(void *handle);
    const char *(*strerror)(int result);
};

enum {
    OPTION_LONG = 0, OPTION_POINTER = 10000, OPTION_FUNCTION = 20000, OPTION_OFFSET = 30000,
    OPTION_WRITEDATA = OPTION_POINTER + 1, OPTION_URL = OPTION_POINTER + 2, OPTION_ERRORBUFFER = OPTION_POINTER + 10,
    OPTION_WRITEFUNCTION = OPTION_FUNCTION + 11, OPTION_USERAGENT = OPTION_POINTER + 18,
    OPTION_LOW_SPEED_LIMIT = OPTION_LONG + 19, OPTION_LOW_SPEED_TIME = OPTION_LONG + 20,
    OPTION_NOPROGRESS = OPTION_LONG + 43, OPTION_FAILONERROR = OPTION_LONG + 45,
    OPTION_FOLLOWLOCATION = OPTION_LONG + 52, OPTION_XFERINFODATA = OPTION_POINTER + 57,
    OPTION_CAINFO = OPTION_POINTER + 65, OPTION_MAXREDIRS = OPTION_LONG + 68, OPTION_CONNECTTIMEOUT = OPTION_LONG + 78,
    OPTION_NOSIGNAL = OPTION_LONG + 99, OPTION_RESUME_FROM = OPTION_OFFSET + 116, OPTION_PROTOCOLS = OPTION_LONG + 181,
    OPTION_REDIR_PROTOCOLS = OPTION_LONG + 182, OPTION_XFERINFOFUNCTION = OPTION_FUNCTION + 219,
    OPTION_PROTOCOLS_STR = OPTION_POINTER + 318, OPTION_REDIR_PROTOCOLS_STR = OPTION_POINTER + 319,

    INFO_RESPONSE = 0x200000 + 2,

    RESULT_OK = 0, RESULT_PARTIAL = 18, RESULT_HTTP = 22, RESULT_WRITE = 23, RESULT_TIMEOUT = 28, RESULT_RANGE = 33,
    RESULT_ABORTED = 42, RESULT_NOTHING = 52, RESULT_SEND = 55, RESULT_RECEIVE = 56,

    PROTOCOL_HTTP = 1, PROTOCOL_HTTPS = 2,
    ERROR_SIZE = 256, MOST_REDIRECTS = 10, ATTEMPTS = 100, RANGE_NOT_SATISFIABLE = 416,
};

static const struct symbol symbols[] = {
    {"curl_easy_init", offsetof(struct curl, init)},
    {"curl_easy_setopt", offsetof(struct curl, setopt)},
    {"curl_easy_perform", offsetof(struct curl, perform)},
    {"curl_easy_getinfo", offsetof(struct curl, getinfo)},
    {"curl_easy_cleanup", offsetof(struct curl, cleanup)},
    {"curl_easy_strerror", offsetof(struct curl, strerror)},
    {NULL, 0},
};

static const struct library library = {
    .name = "libcurl", .package = "libcurl4", .use = "to download",
    .files = (const char *const[]){"libcurl.so.4", "libcurl-gnutls.so.4", NULL}, .symbols = symbols,
};

struct transfer {
    const struct fetch *fetch;
    struct curl         curl;
    void               *handle;
    char               *part;           /* PATH.part */
    int                 file;
    bool                locked;         /* it is a file that this process alone writes to */
    int64_t             begun, have;    /* bytes in it: when the transfer began, and now */
    int64_t             all;            /* as far as the server says, else as published */
    int                 write_error;    /* errno of a write that failed */
    bool                too_long;       /* more came than the file can have */
    char                words[ERROR_SIZE];  /* libcurl's */
};

/* Another compression of the same contents may be a little larger. */
static int64_t most_bytes(const struct data_file *file) { return file->size + file->size / 8 + 65536; }

static size_t take_bytes(const char *bytes, size_t one, size_t size, void *data)
{
    struct transfer *t = data;
    size_t           done = 0;
    t->too_long = t->have + (int64_t)(one * size) > most_bytes(t->fetch->file);
    while (!t->too_long && done < one * size) {
        ssize_t wrote = write(t->file, bytes + done, one * size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            t->write_error = errno;
            return 0;
        }
        done += (size_t)wrote;
        t->have += wrote;
    }
    return done;
}

/* libcurl calls it several times a second, also while nothing comes. */
static int show(void *data, int64_t expected, int64_t now, int64_t up_expected, int64_t up)
{
    struct transfer *t = data;
    struct error     none;
    (void)now, (void)up_expected, (void)up;
    t->all = expected > 0 ? t->begun + expected : t->fetch->file->size;
    if (t->have > 0)
        progress_bytes(t->fetch->progress, t->fetch->file->name, t->have, t->all > t->have ? t->all : t->have);
    return !interrupt_none(&none);
}

static void allow_protocols(struct transfer *t, bool secure)
{
    const char *words = secure ? "https" : "http,https";
    long        bits = secure ? PROTOCOL_HTTPS : PROTOCOL_HTTP | PROTOCOL_HTTPS;
    if (t->curl.setopt(t->handle, OPTION_PROTOCOLS_STR, words) != RESULT_OK)        /* libcurl before 7.85 */
        t->curl.setopt(t->handle, OPTION_PROTOCOLS, bits);
    if (t->curl.setopt(t->handle, OPTION_REDIR_PROTOCOLS_STR, words) != RESULT_OK)
        t->curl.setopt(t->handle, OPTION_REDIR_PROTOCOLS, bits);
}

/* One transfer from one address, into what is there of the file and behind it. */
static int transfer(struct transfer *t, const char *address, long *response)
{
    const char *certificates = getenv("SSL_CERT_FILE");
    *response = 0;
    t->words[0] = '\0';
    t->begun = t->have;
    t->too_long = false;
    t->handle = t->curl.init();
    if (!t->handle)
        return RESULT_RECEIVE;
    t->curl.setopt(t->handle, OPTION_URL, address);
    t->curl.setopt(t->handle, OPTION_ERRORBUFFER, t->words);
    t->curl.setopt(t->handle, OPTION_WRITEFUNCTION, take_bytes);
    t->curl.setopt(t->handle, OPTION_WRITEDATA, t);
    t->curl.setopt(t->handle, OPTION_XFERINFOFUNCTION, show);
    t->curl.setopt(t->handle, OPTION_XFERINFODATA, t);
    t->curl.setopt(t->handle, OPTION_NOPROGRESS, 0L);
    t->curl.setopt(t->handle, OPTION_NOSIGNAL, 1L);
    t->curl.setopt(t->handle, OPTION_FAILONERROR, 1L);
    t->curl.setopt(t->handle, OPTION_FOLLOWLOCATION, 1L);
    t->curl.setopt(t->handle, OPTION_MAXREDIRS, (long)MOST_REDIRECTS);
    t->curl.setopt(t->handle, OPTION_USERAGENT, "netc");
    t->curl.setopt(t->handle, OPTION_CONNECTTIMEOUT, (long)t->fetch->patience);
    t->curl.setopt(t->handle, OPTION_LOW_SPEED_LIMIT, 1L);
    t->curl.setopt(t->handle, OPTION_LOW_SPEED_TIME, (long)t->fetch->patience);
    t->curl.setopt(t->handle, OPTION_RESUME_FROM, (int64_t)t->have);
    if (certificates && *certificates)
        t->curl.setopt(t->handle, OPTION_CAINFO, certificates);
    allow_protocols(t, strncmp(address, "https:", 6) == 0);
    int result = t->curl.perform(t->handle);
    t->curl.getinfo(t->handle, INFO_RESPONSE, response);
    t->curl.cleanup(t->handle);
    progress_clear(t->fetch->progress);
    return result;
}

static bool start_anew(struct transfer *t, struct error *error)
{
    t->have = 0;
    return (ftruncate(t->file, 0) == 0 && lseek(t->file, 0, SEEK_SET) == 0)
        || error_set(error, STATUS_MACHINE, "%s: cannot write: %s", t->part, strerror(errno));
}

/* Puts the file in its place if it is the right one. False without an error (STATUS_OK) if it is not. */
static bool put_in_place(struct transfer *t, struct error *error)
{
    if (fsync(t->file) != 0)
        return error_set(error, STATUS_MACHINE, "%s: cannot write: %s", t->part, strerror(errno));
    if (!data_file_verify(t->fetch->file, t->part, error))
        return false;
    return rename(t->part, t->fetch->path) == 0
        || error_set(error, STATUS_MACHINE, "%s: cannot rename it to %s: %s", t->part, t->fetch->path, strerror(errno));
}

/* Whether it may help to ask the same address once more for what is missing. */
static bool cut_off(int result)
{
    return result == RESULT_PARTIAL || result == RESULT_TIMEOUT || result == RESULT_NOTHING || result == RESULT_SEND
        || result == RESULT_RECEIVE;
}

static void describe(const struct transfer *t, int result, char *why, size_t size)
{
    if (t->too_long)
        snprintf(why, size, "it sends more bytes than the file has");
    else if (result == RESULT_TIMEOUT && t->words[0] == 'O')    /* "Operation too slow. Less than …" */
        snprintf(why, size, "nothing came for %d seconds", t->fetch->patience);
    else
        snprintf(why, size, "%s", t->words[0] ? t->words : t->curl.strerror(result));
}

/* Fetches from one address. False with STATUS_OK where another one may do; `why` then says what was wrong. */
static bool fetch_from(struct transfer *t, const char *address, char *why, size_t size, struct error *error)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long response;
        int  result = transfer(t, address, &response);
        *error = (struct error){.status = STATUS_OK};
        if (!interrupt_none(error)) {
            if (t->have > 0)
                progress_say(t->fetch->progress, "%s is kept: the next run goes on from there", t->part);
            return false;
        }
        if (t->write_error)
            return error_set(error, STATUS_MACHINE, "%s: cannot write: %s", t->part, strerror(t->write_error));
        if (result == RESULT_OK) {
            bool resumed = t->begun > 0;
            if (put_in_place(t, error))
                return true;
            if (error->status != STATUS_OK)
                return false;
            snprintf(why, size, "what it sends is not the file: its MD5 is another");
            if (!start_anew(t, error) || !resumed)
                return false;
            continue;                   /* perhaps what was there before was wrong */
        }
        describe(t, result, why, size);
        bool no_range = result == RESULT_RANGE || (result == RESULT_HTTP && response == RANGE_NOT_SATISFIABLE);
        if (t->too_long || (no_range && t->begun > 0)) {
            if (!start_anew(t, error) || t->too_long)
                return false;
        } else if (!cut_off(result) || t->have == t->begun) {
            return false;
        }
        progress_say(t->fetch->progress, "%s: %s; going on", t->fetch->file->name, why);
    }
    return false;
}

/* What an earlier run left is kept; nobody else writes to it meanwhile. */
static bool open_part(struct transfer *t, struct error *error)
{
    struct stat info, now;
    t->file = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (t->file < 0)
        return error_set(error, STATUS_MACHINE, "%s: cannot write: %s", t->part, strerror(errno));
    /* The file may also have got its name between the two calls. */
    if (flock(t->file, LOCK_EX | LOCK_NB) != 0
        || (fstat(t->file, &info) == 0 && (stat(t->part, &now) != 0 || now.st_ino != info.st_ino))) {
        error_input(error, "%s: another process is fetching it", t->part);
        return error_add(error, "start again when it is done");
    }
    if (fstat(t->file, &info) != 0 || !S_ISREG(info.st_mode))
        return error_input(error, "%s: not a file", t->part);
    t->locked = true;
    t->have = lseek(t->file, 0, SEEK_END);
    return t->have <= most_bytes(t->fetch->file) || start_anew(t, error);
}

static bool fetch_any(struct transfer *t, struct error *error)
{
    char         why[ERROR_SIZE + 64];
    struct error all;
    error_input(&all, "%s could not be fetched", t->fetch->file->name);
    if (t->have >= t->fetch->file->size) {              /* it was cut off after its last byte */
        if (put_in_place(t, error))
            return true;
        if (error->status != STATUS_OK)
            return false;
    }
    for (const char *const *address = t->fetch->addresses; *address; address++) {
        progress_say(t->fetch->progress, "%s %s", t->have > 0 ? "fetching the rest of" : "fetching", *address);
        if (fetch_from(t, *address, why, sizeof why, error))
            return true;
        if (error->status != STATUS_OK)
            return false;
        error_add(&all, "%s: %s", *address, why);
        if (address[1])
            progress_say(t->fetch->progress, "%s: %s", *address, why);
    }
    if (t->have > 0)
        error_add(&all, "%s is kept: the next run goes on from there", t->part);
    error_add(&all, "NETC_MIRROR=ADDRESS names another folder that has the file");
    *error = all;
    return false;
}

/* What could not be checked is not fetched. */
static bool can_check(struct error *error)
{
    char        sum[MD5_TEXT];
    struct md5 *md5 = md5_start(error);
    md5_end(md5, sum);
    return md5 != NULL;
}

bool fetch_file(const struct fetch *fetch, struct error *error)
{
    static const char suffix[] = ".part";
    struct transfer   t = {.fetch = fetch, .file = -1, .part = malloc(strlen(fetch->path) + sizeof suffix)};
    if (!t.part)
        return error_memory(error, "a file name", strlen(fetch->path));
    strcat(strcpy(t.part, fetch->path), suffix);
    bool fetched = library_load(&library, &t.curl, error) && can_check(error) && open_part(&t, error)
                && fetch_any(&t, error);
    if (!fetched && t.locked && t.have == 0)
        unlink(t.part);
    if (t.file >= 0)
        close(t.file);
    free(t.part);
    return fetched;
}
