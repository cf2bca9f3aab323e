/* serve FOLDER LOG [AWAY]: the server of tests/unit/http_server.h for scripts. It prints its port and runs until it is
 * ended. */
#include "../unit/http_server.h"

int main(int argc, char **argv)
{
    struct server server = {.folder = argc > 1 ? argv[1] : ".", .log = argc > 2 ? fopen(argv[2], "w") : NULL,
                            .away = argc > 3 ? argv[3] : ""};
    if (!server_start(&server)) {
        perror("serve");
        return 1;
    }
    printf("%d\n", server.port);
    fflush(stdout);
    pthread_join(server.thread, NULL);
    return 0;
}
