/* Lists of jobs on their way. */
#include "task.h"

#include <stdlib.h>

void tasks_append(struct task_list *list, struct task *task)
{
    task->next = NULL;
    if (list->last != NULL)
        list->last->next = task;
    else
        list->first = task;
    list->last = task;
    list->count++;
}

void tasks_prepend(struct task_list *list, struct task *task)
{
    task->next = list->first;
    list->first = task;
    if (list->last == NULL)
        list->last = task;
    list->count++;
}

struct task *tasks_take_after(struct task_list *list, struct task *before)
{
    struct task *task = before != NULL ? before->next : list->first;

    if (task == NULL)
        return NULL;
    if (before != NULL)
        before->next = task->next;
    else
        list->first = task->next;
    if (task->next == NULL)
        list->last = before;
    list->count--;
    return task;
}

struct task *tasks_take(struct task_list *list)
{
    return tasks_take_after(list, NULL);
}

struct task_list tasks_take_all(struct task_list *list)
{
    struct task_list all = *list;

    *list = (struct task_list){ 0 };
    return all;
}

void tasks_free(struct task_list *list)
{
    struct task *task;

    while ((task = tasks_take(list)) != NULL)
        free(task);
}
