/* Sockets to a server in the same thread. */
#ifndef CAFE_FUZZ_DIAL_H
#define CAFE_FUZZ_DIAL_H

#include "private.h"

/** Hand the server one end of a pair; returns the other. */
int dial_pair(struct server *server, const char *peer, bool small_buffers);

/** Listen on loopback and connect. Closing it leaves nothing behind. */
int dial_tcp(struct server *server);

/** Connect once more to the server that listens already. */
int dial_again(struct server *server);

/** The server turns this socket away: it says so and ends. */
void dial_expect_refusal(struct server *server, int fd);

#endif
