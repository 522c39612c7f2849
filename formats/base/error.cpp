#include "formats/base/error.h"

#include <cerrno>
#include <system_error>

namespace offgrid {
namespace {

Errc code_of(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return Errc::no_space;
        case ENOENT:
        case ENOTDIR:
            return Errc::not_found;
        case EEXIST:
        case ENOTEMPTY:
            return Errc::already_exists;
        case EACCES:
        case ELOOP:
        case EPERM:
        case EROFS:
            return Errc::denied;
        case EMFILE:
        case ENFILE:
            return Errc::busy;
        case ENAMETOOLONG:
            return Errc::invalid_argument;
        default:
            return Errc::io;
    }
}

}  // namespace

std::string_view name_of(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return "invalid_argument";
        case Errc::not_found:
            return "not_found";
        case Errc::already_exists:
            return "already_exists";
        case Errc::denied:
            return "denied";
        case Errc::corrupt:
            return "corrupt";
        case Errc::unsupported:
            return "unsupported";
        case Errc::too_large:
            return "too_large";
        case Errc::stale:
            return "stale";
        case Errc::busy:
            return "busy";
        case Errc::no_space:
            return "no_space";
        case Errc::interrupted:
            return "interrupted";
        case Errc::io:
            return "io";
    }
    return "io";
}

Error system_error(int error_number, std::string_view action) {
    return Error{code_of(error_number),
                 fmt::format("{}: {}", action, std::generic_category().message(error_number))};
}

}  // namespace offgrid
