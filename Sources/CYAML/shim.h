/* libyaml: the reader behind `lectern.yaml`. */
#include <yaml.h>
