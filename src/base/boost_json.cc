// Boost.JSON's own sources, compiled here once: its parser is used without the
// library.
#include <boost/json/src.hpp>
