#include "pack/source_order.h"

namespace offgrid {

const std::map<std::string, SourceOrder>& source_orders() {
    static const std::map<std::string, SourceOrder> words{
        {"given", SourceOrder::given},
        {"newest", SourceOrder::newest},
        {"highest-resolution", SourceOrder::highest_resolution}};
    return words;
}

}  // namespace offgrid
