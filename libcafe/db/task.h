/* Private to db/: a job on its way, and lists of them. */
#ifndef CAFE_DB_TASK_H
#define CAFE_DB_TASK_H

#include "cafe/db/db.h"

/* A job on its way. */
struct task {
    struct task *next;
    db_work_fn *work;
    db_done_fn *done;
    void *job;
    struct db_call call;
    int64_t submitted_us;
    int64_t deadline_ms;   /* to begin by */
    int64_t work_until_ms; /* its statements begin by then; 0: at any time */
    bool replayed;         /* it met a dead connection before */
    bool unsettled;        /* what its last run did is unknown */
    int runs;              /* that left it unsettled */
    enum error outcome;
};

struct task_list {
    struct task *first, *last;
    size_t count;
};

void tasks_append(struct task_list *list, struct task *task);
void tasks_prepend(struct task_list *list, struct task *task);

/** Take the first task off; NULL when there is none. */
struct task *tasks_take(struct task_list *list);

/** Take the task off that comes after `before`, or the first (NULL). */
struct task *tasks_take_after(struct task_list *list, struct task *before);

/** Take all of them; the list is empty afterwards. */
struct task_list tasks_take_all(struct task_list *list);

/** Free all of them. */
void tasks_free(struct task_list *list);

#endif
