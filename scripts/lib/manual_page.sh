# shellcheck shell=bash
# The manual page of a command, made of what the command says of itself. Sourced.

# The rows of a help text, as lines of a manual page: an item is a paragraph with its name before it.
help_rows() {
    awk '
        function plain(text) {
            gsub(/\\/, "\\e", text)
            gsub(/-/, "\\-", text)
            return text
        }
        function paragraph(text) {
            if (text ~ /^[.'"'"']/) text = "\\&" text
            print text
        }
        # A gap between paragraphs, when another one comes.
        function begin_paragraph() {
            if (has_gap) print ".PP"
            has_gap = 0
        }
        /^OVERVIEW: / { paragraph(plain(substr($0, 11))); in_text = 1; next }
        /^USAGE: / { print ".PP\n.B " plain(substr($0, 8)); in_text = 0; next }
        /^[A-Z]+:$/ { in_rows = $0 != "SUBCOMMANDS:"; in_text = 0; next }
        /^$/ { has_gap = in_text; next }
        in_text { begin_paragraph(); paragraph(plain($0)); next }
        !in_rows { next }
        /^  [^ ]/ {
            # What an item means begins in column 27, behind it or in the next line.
            has_rest = substr($0, 26, 1) == " " && substr($0, 27, 1) ~ /[^ <]/
            item = has_rest ? substr($0, 3, 23) : substr($0, 3)
            sub(/ +$/, "", item)
            print ".TP\n.B " plain(item)
            if (has_rest) paragraph(plain(substr($0, 27)))
            next
        }
        { sub(/^ +/, ""); paragraph(plain($0)) }
    '
}

# The names of the subcommands that a help text lists.
subcommands() { awk '/^SUBCOMMANDS:$/ { rows = 1; next } rows && /^  [a-z]/ { print $1 } rows && /^$/ { exit }'; }

# Prints the page of a command, whose file is the first argument.
manual_page() {
    local command=$1 help name version
    help=$("$command" --help)
    version=$("$command" version)
    printf '.TH LECTERN 1 "" "%s" "Lectern"\n' "${version%%,*}"
    printf '.SH NAME\nlectern \\- runs control programs written in Lua\n'
    printf '.SH SYNOPSIS\n.B lectern\n.I command\n[\n.I arguments\n]\n'
    printf '.SH COMMANDS\n'
    for name in $(subcommands <<<"$help"); do
        printf '.SS lectern %s\n' "$name"
        "$command" "$name" --help | help_rows
    done
    cat <<'TEXT'
.SH FILES
.TP
.B lectern.yaml
The configuration, beside the program. What it has is in the guide.
.SH EXIT STATUS
.TP
.B 0
The program ended in order, or by SIGINT, SIGTERM or SIGHUP.
.TP
.B 1
The program, its configuration or its modules could not be read, or its main chunk failed.
.TP
.B 64
An option is not known, or its value is wrong.
.PP
A program that calls
.B ExitProgram
has the code that it gives.
TEXT
}
