/* Addresses of the rehearsal, on a Docker network of its own. */
#ifndef CAFE_DEPLOY_NETWORK_H
#define CAFE_DEPLOY_NETWORK_H

/** Names in Docker: they say whose they are. */
#define NETWORK_NAME "cafe-vpc"
#define DATABASE_NAME "cafe-db"
#define REGISTRY_NAME "cafe-registry"
#define BALANCER_NAME "cafe-lb"

/** Everything that a rehearsal starts carries it, with the state's folder. */
#define LABEL "cafe.rehearsal"

#define NETWORK_PREFIX "10.83.9."
#define NETWORK_CIDR NETWORK_PREFIX "0/24"
#define NETWORK_GATEWAY NETWORK_PREFIX "1" /* who comes from this machine */
#define DATABASE_ADDRESS NETWORK_PREFIX "2"
#define BALANCER_ADDRESS NETWORK_PREFIX "3"

/* Docker hands out 10.83.9.16 to .31 to what asks for none; tasks are given
 * theirs, customers before employees. */
#define NETWORK_FREE NETWORK_PREFIX "16/28"
enum { TASKS_FIRST = 64, TASKS_STRIDE = 90, TASK_PORT = 8080 };

#endif
