/* The deployment files, from their folder or from a commit, with all that is
 * filled in here, and the task definitions that were registered. */
#ifndef CAFE_DEPLOY_DEPLOYMENT_FILES_H
#define CAFE_DEPLOY_DEPLOYMENT_FILES_H

#include "deployment.h"

/**
 * Register a task definition: check it, and keep it as the next revision.
 *
 * commit    Of the repository "deployment"; NULL: site->files.
 * image     By digest.
 * Errors    ERROR_CONFIG, ERROR_SYSTEM, ERROR_MEMORY.
 */
MUST_CHECK enum error revision_register(struct site *site, const char *service,
                                        const char *commit, const char *image,
                                        unsigned *revision);

/** The latest revision; 0 when there is none. */
MUST_CHECK enum error revision_latest(struct site *site, const char *service,
                                      unsigned *revision);

/** Register the task definition, read the AppSpec, check both. */
MUST_CHECK enum error deployment_prepare(struct site *site, const char *service,
                                         const char *commit, const char *image,
                                         struct deployment *deployment);

/** Read the file that makes a service, for the latest revision. */
MUST_CHECK enum error service_file_prepare(struct site *site,
                                           const char *service,
                                           struct service_file *file);

/** Read the load balancer's templates into site->balancer. */
MUST_CHECK enum error balancer_files_read(struct site *site);

#endif
