#include "formats/base/parse_number.h"
#include "formats/package/replace.h"
#include "tests/serve/raw_connection.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> serve_command(const fs::path& path) {
    return {program("offgrid"), "serve", path.string(), "--listen", "127.0.0.1:0", "--quiet"};
}

/// `offgrid serve` on a free port.
struct Serving {
    explicit Serving(const fs::path& path) : process{serve_command(path)} {}

    Process process;
    std::string url = url_in(process.wait_for_line("listening on "));
    std::uint16_t port = parse_number<std::uint16_t>(url.substr(url.rfind(':') + 1)).value_or(0);
    HttpClient client;
};

TEST(OffgridServe, leaves_out_folders_that_are_hidden) {
    const TempFolder folder;
    write_package(folder / "packages/kenya", "kenya", "z0: new");
    write_package(folder / "packages/.kenya.partial", "kenya", "z0: half");
    Serving serving{folder / "packages"};
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/kenya/0/0/0.png").body, png("new"));
}

TEST(OffgridServe, outlives_a_log_that_cannot_be_written) {
    const TempFolder folder;
    write_package(folder / "kenya", "kenya", "z0: w z1: a");
    write_file(folder / "kenya/z01-0-1.sqlite3", "garbage");
    auto command = serve_command(folder / "kenya");
    command.insert(command.begin(), {"sh", "-c", R"(exec "$@" 2>/dev/full)", "sh"});
    Process process{command};
    const auto url = url_in(process.wait_for_line("listening on "));
    HttpClient client;
    EXPECT_EQ(client.get(url + "/tiles/kenya/1/0/0.png").status, 500);
    EXPECT_EQ(client.get(url + "/tiles/kenya/0/0/0.png").body, png("w"));
    EXPECT_EQ(process.stop(), 0);
}

TEST(OffgridServe, serves_a_package_over_http) {
    const TempFolder folder;
    write_package(folder / "kenya", "sf:kenya", "z0: w\nz1: a b / . d");
    Serving serving{folder / "kenya"};
    const auto tile = serving.url + "/tiles/sf%3Akenya/1/1/1.png";

    const auto found = serving.client.get(tile);
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(found.body, png("d"));
    EXPECT_EQ(found.headers.at("content-type"), "image/png");

    const auto head = serving.client.head(tile);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.headers.at("content-length"), std::to_string(png("d").size()));
    EXPECT_THAT(head.body, IsEmpty());

    const auto unchanged = serving.client.get(tile, {"If-None-Match: " + found.headers.at("etag")});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_THAT(unchanged.body, IsEmpty());

    const auto absent = serving.client.get(serving.url + "/tiles/sf:kenya/1/0/1.png");
    EXPECT_EQ(absent.status, 404);
    EXPECT_THAT(absent.body, IsEmpty());

    EXPECT_EQ(serving.client.get(serving.url + "/tiles/sf:kenya/1/0/9.png").status, 400);
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/other/1/0/0.png").status, 404);
    const auto refused = serving.client.request("DELETE", tile);
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.headers.at("allow"), "GET, HEAD");
    EXPECT_THAT(serving.client.get(serving.url + "/tiles/sf:kenya.json").body,
                HasSubstr(serving.url + "/tiles/sf%3Akenya/{z}"));
    EXPECT_EQ(serving.process.stop(), 0);
}

TEST(OffgridServe, announces_gzip_for_real_vector_tiles) {
    const auto file = shared_data("tiles/mbtiles/world_cities.mbtiles");
    if (!file) {
        GTEST_SKIP();
    }
    Serving serving{*file};
    const auto tile = serving.client.head(serving.url + "/tiles/world_cities/0/0/0.pbf");
    EXPECT_EQ(tile.status, 200);
    EXPECT_EQ(tile.headers.at("content-type"), "application/vnd.mapbox-vector-tile");
    EXPECT_EQ(tile.headers.at("content-encoding"), "gzip");
}

TEST(OffgridServe, finishes_what_it_sends_when_it_is_told_to_stop) {
    const TempFolder folder;
    write_mbtiles(folder / "a.mbtiles", {{{0, 0, 0}, std::string(20'000'000, 'x')}});
    Serving serving{folder / "a.mbtiles"};
    RawConnection slow{serving.port, 4096};
    slow.send("GET /tiles/a/0/0/0.png HTTP/1.1\r\nHost: x\r\n\r\n");
    auto received = slow.receive(1000);

    ::kill(serving.process.pid(), SIGTERM);
    received += slow.receive_rest();

    EXPECT_EQ(serving.process.wait(), 0);
    EXPECT_EQ(received.size() - received.find("\r\n\r\n") - 4, png("").size() + 20'000'000U);
}

TEST(OffgridServe, shows_a_new_generation_that_another_process_made) {
    const TempFolder folder;
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    const auto install = [&](const char* name, const char* drawing) {
        ReplaceTransaction replace{posix_file_ops(), depot};
        const auto manifest = write_package(replace.staging() / name, "kenya", drawing);
        replace.add_package(manifest, replace.staging() / name);
        replace.commit();
    };
    install("first", "z0: old");
    Serving serving{depot.root()};
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/kenya/0/0/0.png").body, png("old"));

    install("second", "z0: new");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    std::string body;
    while (body != png("new") && std::chrono::steady_clock::now() < deadline) {
        body = serving.client.get(serving.url + "/tiles/kenya/0/0/0.png").body;
    }
    EXPECT_EQ(body, png("new"));
    EXPECT_EQ(serving.process.stop(SIGINT), 0);
}

TEST(OffgridServe, says_in_one_line_why_it_does_not_start) {
    const TempFolder folder;
    write_file(folder / "text.mbtiles", "hello");
    for (const auto& path : {folder / "missing", folder / "text.mbtiles"}) {
        const auto result = run(serve_command(path));
        EXPECT_EQ(result.exit_code, 1);
        EXPECT_THAT(result.out, IsEmpty());
        EXPECT_THAT(result.err, AllOf(StartsWith("offgrid serve: "), HasSubstr(path.string())));
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    }
    EXPECT_EQ(run({program("offgrid"), "serve"}).exit_code, 2);
    EXPECT_EQ(run({program("offgrid"), "serve", "--fast", "x"}).exit_code, 2);
    EXPECT_EQ(run({program("offgrid"), "serve", "x", "--threads", "0"}).exit_code, 2);
}

/// Whatever the file is: either it is refused with a clear line, or it is served without harm.
void expect_unharmed_by(const fs::path& file) {
    Process process{serve_command(file)};
    std::string url;
    try {
        url = url_in(process.wait_for_line("listening on "));
    } catch (const std::runtime_error&) {
        EXPECT_EQ(process.wait(), 1) << process.output();
        EXPECT_THAT(process.output(),
                    AllOf(StartsWith("offgrid serve: "), HasSubstr(file.filename().string())));
        return;
    }
    HttpClient client;
    for (const auto* address : {"/0/0/0.png", "/1/0/0.png", "/1/1/1.pbf", "/5/3/4.jpg", ".json"}) {
        const auto response = client.get(url + "/tiles/" + file.stem().string() + address);
        EXPECT_THAT(response.status, testing::AnyOf(200, 404, 500)) << file << address;
    }
    EXPECT_EQ(client.get(url + "/layers.json").status, 200) << file;
    EXPECT_EQ(process.stop(), 0) << file << process.output();
}

TEST(OffgridServe, is_not_harmed_by_hostile_files) {
    for (const auto* folder : {"bad/mbtiles", "bad/sqlite", "bad/pmtiles"}) {
        for (const auto& file : shared_files(folder)) {
            SCOPED_TRACE(file.string());
            expect_unharmed_by(file);
        }
    }
}

}  // namespace
}  // namespace offgrid::test
