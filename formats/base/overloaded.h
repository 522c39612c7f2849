#pragma once

namespace offgrid {

/// One visitor of a variant made of several lambdas.
template <typename... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace offgrid
