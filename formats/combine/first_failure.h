#pragma once

#include "formats/base/error.h"

#include <exception>

namespace offgrid {

/// Runs actions that must all be tried, and keeps what the first of those that failed threw. A
/// value of one function.
class FirstFailure {
public:
    template <typename Action>
    void attempt(const Action& action) {
        try {
            action();
        } catch (const Error&) {
            if (!failure_) {
                failure_ = std::current_exception();
            }
        }
    }

    void rethrow() const {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

private:
    std::exception_ptr failure_;
};

}  // namespace offgrid
