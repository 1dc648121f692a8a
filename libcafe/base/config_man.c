/* The option table as a manual page, in the man macros of groff_man(7). */
#include <string.h>

#include "config_private.h"

/* Write text so that groff takes no line of it for a request and no hyphen for
 * a dash: options have to be found by searching the page. */
static void config_man_write_text(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void write_flag(const char *flag, const char *argument, FILE *out)
{
    fputs(".TP\n.B ", out);
    config_man_write_text(flag, out);
    if (argument != NULL) {
        fputs(" \\fI", out);
        config_man_write_text(argument, out);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

static void write_commands(const struct config_source *source, FILE *out)
{
    const struct command *command = source->commands;

    fputs(".SH COMMANDS\n"
          "With one of these it exits without serving.\n",
          out);
    for (; command != NULL && command->flag != NULL; command++) {
        write_flag(command->flag, command->argument, out);
        config_man_write_text(command->help, out);
        fputc('\n', out);
    }
}

static void config_man_write_option(const struct option *option, FILE *out)
{
    struct text name, argument;

    text_init(&name, 0);
    text_init(&argument, 0);
    config_flag(option, &name);
    config_placeholder(option, &argument);
    write_flag(text_string(&name), text_string(&argument), out);
    config_man_write_text(option->help, out);
    config_variable(option, &name);
    fprintf(out, "\n.br\nEnvironment: %s", text_string(&name));
    if (option->fallback[0] != '\0' && option->kind != OPTION_SECRET) {
        fputs("; default: ", out);
        config_man_write_text(option->fallback, out);
    }
    fputs(".\n", out);
    text_free(&name);
    text_free(&argument);
}

void config_man(const struct config_source *source,
                const struct config_manual *manual, FILE *out)
{
    const struct option *option = source->options;

    fprintf(out, ".TH %s 8 \"\" \"cafe %s\" \"Coffee suppliers\"\n",
            source->program, manual->version);
    fprintf(out, ".SH NAME\n%s \\- ", source->program);
    config_man_write_text(manual->summary, out);
    fprintf(out,
            "\n.SH SYNOPSIS\n.B %s\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] "
            "[\\fIoption\\fR...]\n.SH DESCRIPTION\n",
            source->program);
    config_man_write_text(manual->description, out);
    fputc('\n', out);
    write_commands(source, out);
    fputs(".SH OPTIONS\nAn option is a flag, an environment variable or a "
          "line of the YAML file;\nflags win, then the environment, then the "
          "file.\n",
          out);
    write_flag("--config", "FILE", out);
    fputs("Read options from a YAML file.\n", out);
    for (; option->name != NULL; option++)
        config_man_write_option(option, out);
    fputs(manual->rest, out);
}
