#include "runtime/supervision/actor_metrics.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

using namespace present;
using namespace present::supervision;
using namespace std::chrono_literals;

namespace {

/// What the children of a test did, in order. Thread-safe.
struct diary {
  void write(std::string line) {
    const std::lock_guard hold(mutex);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> take() {
    const std::lock_guard hold(mutex);
    return std::exchange(lines, {});
  }

  std::mutex mutex;
  std::vector<std::string> lines;
};
using diary_ptr = std::shared_ptr<diary>;

using crash = caf::atom_constant<caf::atom("crash")>;
using finish = caf::atom_constant<caf::atom("finish")>;
using where = caf::atom_constant<caf::atom("where")>;

using worker_handle
  = caf::typed_actor<caf::reacts_to<crash>, caf::reacts_to<finish>,
                     caf::replies_to<where>::with<std::uint64_t>>;

/// Writes "+path" when it starts and "-path" when it goes.
struct worker_state {
  diary_ptr book;
  std::string path;
  ~worker_state() {
    if (book)
      book->write("-" + path);
  }
};

std::uint64_t this_thread() {
  return std::hash<std::thread::id>{}(std::this_thread::get_id());
}

worker_handle::behavior_type
worker(stateful<worker_state, worker_handle>* self, diary_ptr book) {
  self->state.book = book;
  self->state.path = self->identity().path;
  book->write("+" + self->state.path);
  return {
    [](crash) { throw std::runtime_error("crash on request"); },
    [self](finish) { self->quit(); },
    [](where) { return this_thread(); },
  };
}

/// Hears that it should stop, and doesn't.
worker_handle::behavior_type
stubborn(stateful<worker_state, worker_handle>* self, diary_ptr book) {
  self->set_exit_handler([](caf::scheduled_actor*, caf::exit_msg&) {});
  return worker(self, book);
}

child_spec worker_spec(const std::string& id, const diary_ptr& book,
                       restart_kind restart = restart_kind::permanent) {
  return {id, "worker", restart, 1000,
          [book](starter& with) { return with.start_function(worker, book); }};
}

struct quiet_log {
  quiet_log() { edge::redirect_log([](auto, auto) {}); }
  ~quiet_log() { edge::redirect_log({}); }
};

/// A root with workers a, b, c in simulation.
struct abc {
  explicit abc(strategy how, std::uint32_t intensity = 3,
               diary_ptr written = std::make_shared<diary>())
      : abc({"node",
             {how, intensity, 5000, 500},
             {worker_spec("a", written), worker_spec("b", written),
              worker_spec("c", written)}},
            written) {}
  explicit abc(supervisor_spec spec, diary_ptr written = nullptr)
      : book(std::move(written)),
        tree(world.system, world.settings(), std::move(spec),
             [this](std::optional<std::string> error) {
               ended = true;
               end = std::move(error);
             }) {
    world.run();
  }
  ~abc() {
    tree.ask_to_stop();
    world.run();
    for (int i = 0; i < 100 && !tree.is_over(); ++i)
      world.advance_ms(1000);
  }

  void send(const std::string& path, auto what) {
    caf::anon_send(
      caf::actor_cast<caf::actor>(tree.addresses().find("node/" + path)), what);
    world.run();
  }
  std::vector<std::string> diary_lines() { return book->take(); }
  description describe(std::uint64_t patience_ms = 0) {
    auto said = world.ask<description>(tree.root(), describe_request{},
                                       patience_ms);
    REQUIRE(said);
    return *said;
  }

  quiet_log quiet;
  diary_ptr book;
  test::simulated_world world;
  bool ended = false;
  std::optional<std::string> end;
  supervision_tree tree;
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("simulation hears of each actor when it is made, before it runs") {
  const quiet_log quiet;
  test::simulated_world world;
  const auto book = std::make_shared<diary>();
  std::vector<std::string> made;
  auto settings = world.settings();
  settings.on_made = [&](const actor_identity& who, const caf::strong_actor_ptr& actor) {
    CHECK(actor);
    CHECK(book->take().empty());
    made.push_back(who.path);
  };
  supervision_tree tree(world.system, settings, {"node", {}, {worker_spec("a", book)}});
  CHECK(made == std::vector<std::string>{"node"});
  world.run();
  CHECK(made == std::vector<std::string>{"node", "node/a"});
  CHECK(book->take() == std::vector<std::string>{"+node/a"});
  tree.ask_to_stop();
  world.run();
}

TEST_CASE("a tree starts left to right and stops right to left") {
  abc with(strategy::one_for_one);
  CHECK(with.tree.is_ready());
  CHECK(with.diary_lines() == lines{"+node/a", "+node/b", "+node/c"});
  with.tree.ask_to_stop();
  with.world.run();
  CHECK(with.diary_lines() == lines{"-node/c", "-node/b", "-node/a"});
  CHECK(with.ended);
  CHECK_FALSE(with.end);
  CHECK_FALSE(with.tree.addresses().find("node/a"));
  CHECK_FALSE(with.tree.addresses().find("node"));
}

TEST_CASE("a crashed child starts again, and its address finds it") {
  abc with(strategy::one_for_one);
  auto to = with.tree.addresses().address_of<worker_handle>("node/b");
  const auto before = to.get();
  with.diary_lines();
  with.send("b", crash::value);
  CHECK(with.diary_lines() == lines{"-node/b", "+node/b"});
  CHECK(to.get());
  CHECK(to.get() != before);
}

TEST_CASE("rest for one restarts those after it") {
  abc with(strategy::rest_for_one);
  with.diary_lines();
  with.send("b", crash::value);
  CHECK(with.diary_lines()
        == lines{"-node/b", "-node/c", "+node/b", "+node/c"});
}

TEST_CASE("one for all restarts all") {
  abc with(strategy::one_for_all);
  with.diary_lines();
  with.send("b", crash::value);
  CHECK(with.diary_lines()
        == lines{"-node/b", "-node/c", "-node/a", "+node/a", "+node/b",
                 "+node/c"});
}

TEST_CASE("a crash storm is answered with no more restarts than the intensity") {
  abc with(strategy::one_for_one, 3);
  with.diary_lines();
  for (int i = 0; i < 10 && !with.ended; ++i)
    with.send("b", crash::value);
  CHECK(with.diary_lines()
        == lines{"-node/b", "+node/b", "-node/b", "+node/b", "-node/b",
                 "+node/b", "-node/b", "-node/c", "-node/a"});
  REQUIRE(with.end);
  CHECK(with.end->find("crash on request") != std::string::npos);
}

TEST_CASE("a child whose start function throws counts as crashed") {
  const auto book = std::make_shared<diary>();
  auto failing = worker_spec("b", book);
  auto tries = std::make_shared<int>(0);
  failing.start = [=](starter& with) {
    if (++*tries < 3)
      throw std::runtime_error("no such folder");
    return with.start_function(worker, book);
  };
  abc with({"node", {}, {worker_spec("a", book), failing}});
  CHECK(with.tree.is_ready());
  CHECK(*tries == 3);
  CHECK(book->take() == lines{"+node/a", "+node/b"});
}

TEST_CASE("a child that throws while it initialises itself escalates") {
  const auto failing = [](stateful<worker_state, worker_handle>*)
    -> worker_handle::behavior_type {
    throw std::runtime_error("the journal is damaged");
  };
  child_spec spec{"journal", "journal"};
  spec.start = [=](starter& with) { return with.start_function(failing); };
  abc with({"node", {.intensity = 1}, {spec}});
  CHECK_FALSE(with.tree.is_ready());
  REQUIRE(with.end);
  CHECK(with.end->find("the journal is damaged") != std::string::npos);
}

TEST_CASE("transient and temporary children end for good when they finish") {
  const auto book = std::make_shared<diary>();
  abc with({"node",
            {},
            {worker_spec("a", book, restart_kind::transient),
             worker_spec("b", book, restart_kind::temporary)}});
  with.send("a", finish::value);
  with.send("b", crash::value);
  const auto all = with.describe();
  REQUIRE(all.children.size() == 1);
  CHECK(all.children[0].state == "stopped");
}

TEST_CASE("a child that ignores the request to stop is killed") {
  const auto book = std::make_shared<diary>();
  auto spec = worker_spec("b", book);
  spec.start = [book](starter& with) {
    return with.start_function(stubborn, book);
  };
  abc with({"node", {}, {worker_spec("a", book), spec}});
  book->take();
  with.tree.ask_to_stop();
  with.world.run();
  with.world.advance_ms(999);
  CHECK(book->take() == lines{});
  with.world.advance_ms(2);
  CHECK(book->take() == lines{"-node/b", "-node/a"});
  CHECK(with.ended);
}

TEST_CASE("a supervisor is a child like others: its subtree stops and starts") {
  const auto book = std::make_shared<diary>();
  supervisor_spec inner{"inner", {.intensity = 1}, {worker_spec("x", book),
                                                    worker_spec("y", book)}};
  abc with({"node",
            {strategy::rest_for_one, 3, 5000, 500},
            {worker_spec("a", book), as_child(inner), worker_spec("z", book)}});
  CHECK(book->take()
        == lines{"+node/a", "+node/inner/x", "+node/inner/y", "+node/z"});
  with.send("inner/x", crash::value);
  CHECK(book->take() == lines{"-node/inner/x", "+node/inner/x"});
  // Once more is too much for `inner`: it escalates, and z depends on it.
  with.send("inner/x", crash::value);
  CHECK(book->take()
        == lines{"-node/inner/x", "-node/inner/y", "-node/z", "+node/inner/x",
                 "+node/inner/y", "+node/z"});
  const auto all = with.describe();
  CHECK(all.children[1].restarts == 1);
  CHECK(all.children[1].last_error.find("more than 1 restarts")
        != std::string::npos);
  CHECK(all.children[2].restarts == 0 + 1);
}

TEST_CASE("children join and leave at run time") {
  abc with(strategy::one_for_one);
  with.diary_lines();
  auto answer = with.world.ask<start_child_answer>(
    with.tree.root(), start_child{worker_spec("d", with.book)});
  REQUIRE(answer);
  REQUIRE(*answer);
  CHECK(**answer == with.tree.addresses().find("node/d"));
  answer = with.world.ask<start_child_answer>(
    with.tree.root(), start_child{worker_spec("d", with.book)});
  CHECK(answer->problem().code == error_code::invalid);
  auto gone = with.world.ask<stop_child_answer>(with.tree.root(),
                                                stop_child{"d"});
  REQUIRE(gone);
  CHECK(*gone);
  CHECK(with.diary_lines() == lines{"+node/d", "-node/d"});
  gone = with.world.ask<stop_child_answer>(with.tree.root(), stop_child{"d"});
  CHECK(gone->problem().code == error_code::not_found);
}

TEST_CASE("a temporary child that can't start is answered with its error") {
  abc with(strategy::one_for_one);
  child_spec spec{"d", "worker", restart_kind::temporary};
  spec.start = [](starter&) -> started_child {
    throw std::runtime_error("no such partition");
  };
  const auto answer = with.world.ask<start_child_answer>(with.tree.root(),
                                                         start_child{spec});
  REQUIRE(answer);
  REQUIRE_FALSE(*answer);
  CHECK(answer->problem().message.find("no such partition")
        != std::string::npos);
}

TEST_CASE("what a failing start function has made doesn't live on") {
  abc with(strategy::one_for_one);
  with.diary_lines();
  child_spec spec{"d", "worker", restart_kind::temporary};
  spec.start = [book = with.book](starter& by) -> started_child {
    by.start_function(worker, book);
    throw std::runtime_error("second thoughts");
  };
  const auto answer = with.world.ask<start_child_answer>(with.tree.root(),
                                                         start_child{spec});
  CHECK_FALSE(*answer);
  CHECK(with.diary_lines() == std::vector<std::string>{"+node/d", "-node/d"});
  spec.start = [book = with.book](starter& by) {
    by.start_function(worker, book);
    return by.start_function(worker, book);
  };
  CHECK_FALSE(*with.world.ask<start_child_answer>(with.tree.root(),
                                                  start_child{spec}));
  CHECK(with.diary_lines() == std::vector<std::string>{"+node/d", "-node/d"});
}

TEST_CASE("a transient child that ends before it is ready is answered for") {
  abc with(strategy::one_for_one);
  child_spec spec{"d", "worker", restart_kind::transient};
  spec.start = [](starter& by) {
    return by.start_function([](measured_actor<caf::actor>* self) {
      self->defer_ready();
      self->quit();
      return caf::behavior{[](int) {}};
    });
  };
  const auto answer = with.world.ask<start_child_answer>(with.tree.root(),
                                                         start_child{spec});
  REQUIRE(answer);
  CHECK(answer->problem().code == error_code::unknown_outcome);
}

TEST_CASE("a supervisor that is killed takes its children with it") {
  const auto book = std::make_shared<diary>();
  supervisor_spec inner{"inner", {}, {worker_spec("x", book)}};
  abc with({"node", {}, {as_child(inner)}});
  book->take();
  caf::anon_send_exit(with.tree.addresses().find("node/inner"),
                      caf::exit_reason::kill);
  with.world.run();
  auto seen = book->take();
  std::sort(seen.begin(), seen.end());
  CHECK(seen == lines{"+node/inner/x", "-node/inner/x"});
}

TEST_CASE("a child may say later that it is ready") {
  const auto book = std::make_shared<diary>();
  auto slow = worker_spec("a", book);
  slow.start = [](starter& with) {
    return with.start_function(
      [](stateful<worker_state, caf::actor>* self) -> caf::behavior {
        self->defer_ready();
        return {[self](finish) { self->become_ready(); }};
      });
  };
  auto second = worker_spec("b", book);
  abc with({"node", {}, {slow, second}});
  CHECK(book->take() == lines{});
  CHECK_FALSE(with.tree.addresses().find("node/a"));
  CHECK(with.describe().children[0].state == "starting");
}

TEST_CASE("the description is the whole subtree") {
  const auto book = std::make_shared<diary>();
  supervisor_spec inner{"inner", {strategy::one_for_all}, {worker_spec("x", book)}};
  abc with({"node", {}, {worker_spec("a", book), as_child(inner)}});
  with.world.advance_ms(5);
  with.send("a", crash::value);
  const auto all = with.describe();
  CHECK(all.id == "node");
  CHECK(all.kind == "supervisor");
  CHECK(all.node == node_id{7});
  REQUIRE(all.children.size() == 2);
  const auto& a = all.children[0];
  CHECK(a.id == "node/a");
  CHECK(a.kind == "worker");
  CHECK(a.state == "running");
  CHECK(a.since_ms == with.world.clock.wall_ms());
  CHECK(a.restarts == 1);
  CHECK(a.last_error == "crash on request");
  REQUIRE(all.children[1].children.size() == 1);
  CHECK(all.children[1].children[0].id == "node/inner/x");
  CHECK(all.children[1].children[0].restarts == 0);
}

TEST_CASE("the census keeps the sums of children that are gone") {
  abc with(strategy::one_for_one);
  with.world.ask<start_child_answer>(
    with.tree.root(),
    start_child{worker_spec("d", with.book, restart_kind::temporary)});
  with.send("a", crash::value);
  const auto before = with.tree.settings().all->totals().at("worker");
  CHECK(before.actors == 4);
  CHECK(before.restarts == 1);
  with.send("d", finish::value);
  const auto after = with.tree.settings().all->totals().at("worker");
  CHECK(after.actors == 3);
  CHECK(after.handled > before.handled);
}

TEST_CASE("a scrape has each kind of actor, and no actor's name") {
  abc with(strategy::one_for_one);
  with.send("a", crash::value);
  observe::metrics figures;
  add_actor_metrics(figures, with.tree.settings().all);
  const auto text = figures.text();
  const auto has = [&](const std::string& line) {
    return text.find(line) != std::string::npos;
  };
  CHECK(has("present_actors{kind=\"worker\"} 3\n"));
  CHECK(has("present_actors{kind=\"supervisor\"} 1\n"));
  CHECK(has("present_actor_restarts_total{kind=\"worker\"} 1\n"));
  CHECK_FALSE(has("node/a"));
}

TEST_CASE("an actor's spans are recorded under its node") {
  quiet_log quiet;
  test::simulated_world world;
  edge::seeded_entropy entropy(1);
  observe::tracer tracer({.node = node_id{7}}, world.clock, entropy);
  auto settings = world.settings();
  settings.tracer = &tracer;
  child_spec spec{"a", "worker"};
  spec.start = [](starter& by) {
    return by.start_function([](measured_actor<caf::actor>* self) {
      return caf::behavior{[self](finish) {
        auto span = self->start_span("finish", {1, 2, 3, true});
        CHECK(span.is_recorded());
      }};
    });
  };
  supervision_tree tree(world.system, settings, {"node", {}, {spec}});
  world.run();
  caf::anon_send(caf::actor_cast<caf::actor>(tree.addresses().find("node/a")),
                 finish::value);
  world.run();
  const auto found = tracer.find(1, 2);
  REQUIRE(found.size() == 1);
  CHECK(found[0].node == node_id{7});
  CHECK(found[0].parent == 3);
  tree.ask_to_stop();
  world.run();
  CHECK(tree.is_over());
}

TEST_CASE("in simulation a detached child has no thread of its own") {
  const auto book = std::make_shared<diary>();
  auto spec = worker_spec("a", book);
  spec.start = [book](starter& with) {
    return with.start_function_detached(worker, book);
  };
  abc with({"node", {}, {spec}});
  const auto thread = with.world.ask<std::uint64_t>(
    with.tree.addresses().find("node/a"), where::value);
  CHECK(thread == this_thread());
}

// -- with threads ------------------------------------------------------------------

namespace {

/// Blocks in its handler until the test lets it go.
struct gate {
  std::promise<void> entered;
  std::promise<void> open;
};
using gate_ptr = std::shared_ptr<gate>;

caf::behavior stuck(measured_actor<caf::actor>*, gate_ptr at) {
  return {[at](crash) {
    at->entered.set_value();
    at->open.get_future().wait();
  }};
}

struct real_world {
  quiet_log quiet;
  caf::actor_system_config config;
  caf::actor_system system{config};
};

} // namespace

TEST_CASE("with threads: a detached child has its own, and all end") {
  real_world world;
  const auto book = std::make_shared<diary>();
  auto spec = worker_spec("a", book);
  spec.start = [book](starter& with) {
    return with.start_function_detached(worker, book);
  };
  supervision_tree tree(world.system, {}, {"node", {}, {spec}});
  REQUIRE(tree.wait_until_ready(10s));
  tree.ask_to_stop();
  REQUIRE(tree.wait_until_over(10s));
  CHECK(book->take() == lines{"+node/a", "-node/a"});
}

TEST_CASE("with threads: a stuck child is shown as busy, and abandoned") {
  real_world world;
  const auto at = std::make_shared<gate>();
  child_spec spec{"a", "worker", restart_kind::permanent, 10};
  spec.start = [at](starter& with) {
    return with.start_function_detached(stuck, at);
  };
  supervision_tree tree(world.system, {},
                        {"node", {.abandon_ms = 10}, {spec}});
  REQUIRE(tree.wait_until_ready(10s));
  caf::anon_send(caf::actor_cast<caf::actor>(tree.addresses().find("node/a")),
                 crash::value);
  at->entered.get_future().wait();

  caf::scoped_actor self{world.system};
  description all;
  self
    ->request<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(tree.root()), caf::duration{10s},
      describe_request{.budget_ms = 20})
    .receive([&](description& said) { all = std::move(said); },
             [](const caf::error&) {});
  REQUIRE(all.children.size() == 1);
  CHECK(all.children[0].state == "busy");
  CHECK(all.children[0].mailbox >= 1);

  tree.ask_to_stop();
  CHECK(tree.wait_until_over(10s));
  CHECK(tree.settings().all->abandoned() == 1);
  at->open.set_value();
}

TEST_CASE("with threads: a crash storm ends in escalation, not in a hang") {
  real_world world;
  const auto book = std::make_shared<diary>();
  std::promise<std::optional<std::string>> end;
  supervisor_spec root{"node",
                       {strategy::one_for_all, 5, 60'000, 500},
                       {worker_spec("a", book), worker_spec("b", book)}};
  supervision_tree tree(
    world.system, {}, root,
    [&](std::optional<std::string> error) { end.set_value(std::move(error)); });
  REQUIRE(tree.wait_until_ready(10s));
  auto a = tree.addresses().address_of<worker_handle>("node/a");
  auto over = end.get_future();
  while (!tree.is_over())
    if (const auto& to = a.get())
      caf::anon_send(to, crash::value);
  REQUIRE(over.get());
  const auto written = book->take();
  CHECK(std::count(written.begin(), written.end(), "+node/a") == 6);
  CHECK(std::count(written.begin(), written.end(), "-node/a") == 6);
  CHECK(std::count(written.begin(), written.end(), "-node/b") == 6);
}
