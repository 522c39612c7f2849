#include "tests/formats/config/config_file.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using config::MapcacheConfig;
using test::options_of;
using test::throws;
using testing::EndsWith;
using testing::HasSubstr;

/// Load a whole file.
std::unique_ptr<const MapcacheConfig> load_file(const std::string& text) {
    const test::TempFolder folder;
    test::write_file(folder / "m.xml", text);
    return MapcacheConfig::load(folder / "m.xml");
}

std::string with_entities(const std::string& declarations, const std::string& base) {
    return "<?xml version='1.0'?>\n<!-- &base; -->\n<!DOCTYPE mapcache [\n" + declarations +
           "\n]>\n<mapcache><cache name='c' type='disk'><base>" + base +
           "</base></cache>\n<cache/></mapcache>";
}

TEST(XmlEntities, are_put_in_place) {
    struct Case {
        std::string base;
        std::string read;
    };
    for (const auto& [base, read] : {
             Case{"&base;/a", "/srv/\"tiles\"\n&'/a"},
             Case{"<![CDATA[&base;]]>", "&base;"},
             Case{"&amp;base;", "&base;"},
             Case{"&unknown;&", "&unknown;&"},
             Case{"a&two;&two;", "a22"},
         }) {
        const auto text = with_entities(
            "<!ELEMENT a ANY><!-- <!ENTITY two '3'> ]> -->\n<!ENTITY base '/srv/\"tiles\"\n&amp;"
            "&apos;'> <!ENTITY two\n\"2\"> <!ENTITY two '4'>",
            base);
        const auto without_last = text.substr(0, text.find("<cache/>")) + "</mapcache>";
        EXPECT_EQ(options_of<DiskOptions>(*load_file(without_last), "c").base, read) << base;
    }
}

TEST(XmlEntities, leave_the_lines_of_errors_as_they_are) {
    const auto text = with_entities("<!ENTITY base '/srv\n\n\n'>", "&base;&base;");
    EXPECT_THAT(
        [&] { load_file(text); },
        throws(Errc::invalid_argument, EndsWith("m.xml:10: <cache>: attribute 'name' is missing")));
}

TEST(XmlEntities, that_are_not_read_are_named) {
    struct Case {
        std::string declarations;
        std::string message;
    };
    for (const auto& [declarations, message] : {
             Case{"<!ENTITY base SYSTEM 'file:///etc/passwd'>",
                  "m.xml:4: entity 'base' is in another file, which is not read: write the text "
                  "itself"},
             Case{"<!ENTITY % all 'x'>",
                  "m.xml:4: parameter entities are not read: write the text itself"},
             Case{"\n%all;", "m.xml:5: parameter entities are not read: write the text itself"},
             Case{"<!ENTITY a 'b'>\n<!ENTITY base '&a;&a;'>",
                  "m.xml:5: entity 'base' names another entity: write the text itself"},
             Case{"<!ENTITY base '<base/>'>",
                  "m.xml:4: entity 'base' holds markup, which is not read: write it out"},
             Case{"<!ENTITY base '", "m.xml:4: entity 'base' "},
         }) {
        const auto text = with_entities(declarations, "&base;");
        EXPECT_THAT([&] { load_file(text); }, throws(Errc::corrupt, HasSubstr(message))) << text;
    }
}

TEST(XmlEntities, do_not_grow_without_bound) {
    std::string many;
    for (int i = 0; i < 200; ++i) {
        many += "&base;";
    }
    const auto text = with_entities("<!ENTITY base '" + std::string(10'000, 'x') + "'>", many);
    EXPECT_THAT([&] { load_file(text); },
                throws(Errc::corrupt, HasSubstr("entities put more than 1048576 bytes in place")));
}

}  // namespace
}  // namespace offgrid
