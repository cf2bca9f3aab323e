/* A small HTTP server that misbehaves as it is told: the first folder of a path is what it does, the rest is the file.
 *
 *   /good/FILE       sends it, or the rest of it that a Range asks for
 *   /redirect/FILE   sends the client to /good/FILE; /away/FILE to what `away` says; /loop/FILE to itself
 *   /cut/FILE        closes the connection after CUT bytes
 *   /stall/FILE      sends nothing more after CUT bytes
 *   /slow/FILE       sends it with pauses
 *   /silent/FILE     does not even answer
 *   /garbage/FILE    sends as many other bytes; /endless/FILE does not stop sending them
 *   /whole/FILE      knows nothing of Range
 *   /no_range/FILE   refuses each Range with 416
 *   /500/FILE        answers 500; every other path 404
 */
#ifndef NETC_TEST_HTTP_SERVER_H
#define NETC_TEST_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CUT = 100000, REQUEST = 4096 };

struct server {
    const char  *folder;                /* where the files are */
    const char  *away;                  /* address of /away/ */
    FILE        *log;                   /* or NULL: each request's first line */
    int          listener, port;
    atomic_int   requests;
    atomic_long  sent;                  /* bytes of files */
    pthread_t    thread;
};

struct connection { struct server *server; int socket; };

static bool send_all(int socket, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size; ) {
        ssize_t wrote = send(socket, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

static void answer(int socket, const char *status, const char *header)
{
    char text[REQUEST + 256];
    int  length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status,
                           header);
    send_all(socket, text, (size_t)length);
}

/* Waits until the client has had enough. */
static void wait_for_end(int socket)
{
    char bytes[64];
    while (recv(socket, bytes, sizeof bytes, 0) > 0)
        ;
}

static void send_file(const struct connection *c, const char *manner, const char *name, long from)
{
    char        path[2 * REQUEST], head[512], bytes[1 << 12];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", c->server->folder, name);
    int  file = open(path, O_RDONLY);
    bool endless = strcmp(manner, "endless") == 0, other = endless || strcmp(manner, "garbage") == 0;
    bool slow = strcmp(manner, "slow") == 0;
    bool stops = strcmp(manner, "cut") == 0 || strcmp(manner, "stall") == 0;
    if (file < 0 || fstat(file, &info) != 0) {
        answer(c->socket, "404 Not Found", "");
        return;
    }
    if (strcmp(manner, "whole") == 0 || other)
        from = 0;
    long left = info.st_size - from;
    int  length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n", from > 0 ? "206 Partial Content" : "200 OK");
    if (from > 0)
        length += snprintf(head + length, sizeof head - (size_t)length, "Content-Range: bytes %ld-%ld/%ld\r\n", from,
                           (long)info.st_size - 1, (long)info.st_size);
    if (!endless)
        length += snprintf(head + length, sizeof head - (size_t)length, "Content-Length: %ld\r\n", left);
    length += snprintf(head + length, sizeof head - (size_t)length, "Connection: close\r\n\r\n");
    bool going = send_all(c->socket, head, (size_t)length);
    lseek(file, from, SEEK_SET);
    for (long done = 0; going && (endless || done < left) && !(stops && done >= CUT); ) {
        long    room = endless || left - done > (long)sizeof bytes ? (long)sizeof bytes : left - done;
        ssize_t got = other ? room : read(file, bytes, (size_t)(stops && room > CUT - done ? CUT - done : room));
        if (other)
            memset(bytes, '?', (size_t)got);
        going = got > 0 && send_all(c->socket, bytes, (size_t)got);
        done += got;
        if (slow && done / CUT > (done - got) / CUT)
            usleep(50000);
        c->server->sent += got;
    }
    close(file);
    if (strcmp(manner, "stall") == 0 && left > CUT)
        wait_for_end(c->socket);
}

static void respond(const struct connection *c, const char *manner, const char *name, long from)
{
    char header[REQUEST + 64] = "";
    if (strcmp(manner, "silent") == 0) {
        wait_for_end(c->socket);
    } else if (strcmp(manner, "redirect") == 0 || strcmp(manner, "loop") == 0) {
        snprintf(header, sizeof header, "Location: /%s/%s\r\n", *manner == 'l' ? "loop" : "good", name);
        answer(c->socket, "302 Found", header);
    } else if (strcmp(manner, "away") == 0) {
        snprintf(header, sizeof header, "Location: %s\r\n", c->server->away);
        answer(c->socket, "301 Moved Permanently", header);
    } else if (strcmp(manner, "500") == 0) {
        answer(c->socket, "500 Internal Server Error", "");
    } else if (strcmp(manner, "no_range") == 0 && from > 0) {
        answer(c->socket, "416 Range Not Satisfiable", "");
    } else if (strstr("good cut stall slow garbage endless whole no_range", manner)) {
        send_file(c, manner, name, from);
    } else {
        answer(c->socket, "404 Not Found", "");
    }
}

static void *serve_connection(void *data)
{
    struct connection c = *(struct connection *)data;
    char              request[REQUEST + 1] = "", manner[REQUEST] = "", name[REQUEST] = "";
    size_t            have = 0;
    free(data);
    while (have < REQUEST && !strstr(request, "\r\n\r\n")) {
        ssize_t got = recv(c.socket, request + have, REQUEST - have, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
        request[have] = '\0';
    }
    const char *range = strstr(request, "Range: bytes=");
    c.server->requests++;
    if (c.server->log) {
        fprintf(c.server->log, "%.*s\n", (int)strcspn(request, "\r\n"), request);
        fflush(c.server->log);
    }
    if (sscanf(request, "GET /%4000[^/ ]/%4000[^ ]", manner, name) == 2)
        respond(&c, manner, name, range ? strtol(range + strlen("Range: bytes="), NULL, 10) : 0);
    else
        answer(c.socket, "404 Not Found", "");
    shutdown(c.socket, SHUT_WR);
    close(c.socket);
    return NULL;
}

static void *serve(void *data)
{
    struct server *server = data;
    int            socket;
    while ((socket = accept(server->listener, NULL, NULL)) >= 0) {
        struct connection *c = malloc(sizeof *c);
        pthread_t          thread;
        *c = (struct connection){server, socket};
        if (pthread_create(&thread, NULL, serve_connection, c) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

/* Listens on a free port of this machine. */
static bool server_start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t          size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) != 0
        || listen(server->listener, 16) != 0 || getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        return false;
    server->port = ntohs(address.sin_port);
    return pthread_create(&server->thread, NULL, serve, server) == 0;
}

#endif
