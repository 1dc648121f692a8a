/* How connections begin and end, and the lists they are in. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

/* Put it at the front of a list. */
static void connections_link_in(struct connection *connection,
                                struct connection **list)
{
    connection->next = *list;
    connection->previous = list;
    if (connection->next != NULL)
        connection->next->previous = &connection->next;
    *list = connection;
}

static void connections_link_out(struct connection *connection)
{
    *connection->previous = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
}

static void connections_enlist(struct connection *connection)
{
    struct server *server = connection->server;

    connections_link_in(connection, &server->connections);
    server->connection_count++;
    counter_add(server->config->counters, COUNTER_CONNECTIONS_OPEN, 1);
}

static void delist(struct connection *connection)
{
    if (connection->server->next == connection)
        connection->server->next = connection->next;
    connections_link_out(connection);
    connection->server->connection_count--;
    counter_add(connection->server->config->counters, COUNTER_CONNECTIONS_OPEN,
                -1);
}

/* Its address as text; an IPv4 address mapped into IPv6 as IPv4. */
static void note_peer(struct connection *connection,
                      const struct sockaddr *peer)
{
    union address *kept = &connection->peer;
    const char *text = NULL;

    if (peer->sa_family == AF_INET) {
        memcpy(&kept->v4, peer, sizeof(kept->v4));
        text = evutil_inet_ntop(AF_INET, &kept->v4.sin_addr,
                                connection->peer_text, INET6_ADDRSTRLEN);
    } else if (peer->sa_family == AF_INET6) {
        memcpy(&kept->v6, peer, sizeof(kept->v6));
        if (IN6_IS_ADDR_V4MAPPED(&kept->v6.sin6_addr))
            text = evutil_inet_ntop(AF_INET, &kept->v6.sin6_addr.s6_addr[12],
                                    connection->peer_text, INET6_ADDRSTRLEN);
        else
            text = evutil_inet_ntop(AF_INET6, &kept->v6.sin6_addr,
                                    connection->peer_text, INET6_ADDRSTRLEN);
    }
    if (text == NULL)
        connection->peer_text[0] = '\0';
}

void connection_open(struct server *server, evutil_socket_t fd,
                     const struct sockaddr *peer)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->server = server;
    connection->fd = fd;
    note_peer(connection, peer);
    connections_enlist(connection);
    counter_add(server->config->counters, COUNTER_CONNECTIONS_ACCEPTED, 1);
    connection_enter(connection, CONNECTION_IDLE);
    if (connection->awaiting == 0)
        connection_close(connection);
}

/* Free what is closed already. */
static void connections_release(struct connection *connection)
{
    if (connection->req != NULL)
        connection_end_request(connection);
    connection_release_buffer(connection);
    free(connection);
}

void connection_close(struct connection *connection)
{
    struct server *server = connection->server;

    connection_await(connection, 0);
    delist(connection);
    close(connection->fd);
    /* A handler, perhaps with a job on another thread, still has the request
     * and the memory it points to. */
    if (connection->given_up)
        connections_link_in(connection, &server->abandoned);
    else
        connections_release(connection);
    server_resume(server);
}

void connection_forget(struct connection *connection)
{
    connections_link_out(connection);
    connections_release(connection);
}

void connection_handed_back(struct connection *connection)
{
    /* A connection that still writes or lingers ends the request on its way. */
    connection->given_up = false;
    if (connection->state == CONNECTION_CLOSED)
        connection_forget(connection);
}
