// A plugin of Oclgrind that counts the transactions of each load and store. 32 work-items with consecutive numbers in
// their group make a request together, as on a GPU. They are matched by how often each has executed the instruction.
// Global memory is read and written in sectors of 32 bytes. Local memory has 32 banks of 4 bytes, and a bank serves one
// word at a time.

#include "Plugin.h"
#include "Context.h"
#include "Kernel.h"
#include "KernelInvocation.h"
#include "Memory.h"
#include "WorkGroup.h"
#include "WorkItem.h"

#include <algorithm>
#include <fstream>

using namespace oclgrind;

static const size_t ITEMS = 32, SECTOR = 32, BANKS = 32, WORD = 4;

// The addresses of the work-items of one request.
typedef std::vector<size_t> Request;
typedef std::pair<size_t, size_t> WarpAndTime;

struct Site
{
  bool global, store;
  size_t bytes;
  size_t requests, items, transactions, fewest;
  std::map<size_t, size_t> executed; // by work-item of the present group
  std::map<WarpAndTime, Request> open;
};

static size_t divided_up(size_t number, size_t by) { return (number + by - 1) / by; }

static size_t sectors(const Request& addresses, size_t bytes)
{
  std::set<size_t> found;
  for (size_t address : addresses)
    for (size_t at = address / SECTOR; at <= (address + bytes - 1) / SECTOR; at++)
      found.insert(at);
  return found.size();
}

static size_t fewest_sectors(const Request& addresses, size_t bytes)
{
  return divided_up(std::set<size_t>(addresses.begin(), addresses.end()).size() * bytes, SECTOR);
}

// The work-items from first to last; the most words that one bank serves them.
static size_t most_words_of_a_bank(const Request& addresses, size_t first, size_t last, size_t bytes)
{
  std::map<size_t, std::set<size_t>> banks;
  size_t most = 1;
  for (size_t item = first; item < last; item++)
    for (size_t word = addresses[item] / WORD; word <= (addresses[item] + bytes - 1) / WORD; word++)
    {
      std::set<size_t>& words = banks[word % BANKS];
      words.insert(word);
      most = std::max(most, words.size());
    }
  return most;
}

class Transactions : public Plugin
{
  typedef std::pair<const llvm::Instruction*, bool> Key;
  std::map<Key, Site> sites;

  void access(const Memory* memory, const WorkItem* item, size_t address, size_t bytes, bool store)
  {
    unsigned space = memory->getAddressSpace();
    if (space != AddrSpaceGlobal && space != AddrSpaceLocal)
      return;
    Site& site = sites[Key(item->getCurrentInstruction(), store)];
    site.global = space == AddrSpaceGlobal;
    site.store = store;
    site.bytes = bytes;
    Size3 at = item->getLocalID(), size = item->getWorkGroup()->getGroupSize();
    size_t number = at.x + size.x * (at.y + size.y * at.z);
    size_t time = site.executed[number]++;
    site.open[WarpAndTime(number / ITEMS, time)].push_back(address);
  }

  static void close(Site& site, const Request& addresses)
  {
    site.requests++;
    site.items += addresses.size();
    if (site.global)
    {
      site.transactions += sectors(addresses, site.bytes);
      site.fewest += fewest_sectors(addresses, site.bytes);
      return;
    }
    // Wide accesses are served in parts of as many work-items as all banks together can serve at once.
    size_t part = std::max<size_t>(1, std::min(ITEMS, BANKS * WORD / site.bytes));
    for (size_t first = 0; first < addresses.size(); first += part)
    {
      size_t last = std::min(addresses.size(), first + part);
      site.transactions += most_words_of_a_bank(addresses, first, last, site.bytes);
      site.fewest++;
    }
  }

public:
  Transactions(const Context* context) : Plugin(context) {}

  bool isThreadSafe() const override { return false; }

  void memoryLoad(const Memory* memory, const WorkItem* item, size_t address, size_t size) override
  {
    access(memory, item, address, size, false);
  }

  void memoryStore(const Memory* memory, const WorkItem* item, size_t address, size_t size, const uint8_t*) override
  {
    access(memory, item, address, size, true);
  }

  void workGroupComplete(const WorkGroup*) override
  {
    for (auto& each : sites)
    {
      Site& site = each.second;
      for (auto& request : site.open)
        close(site, request.second);
      site.open.clear();
      site.executed.clear();
    }
  }

  void kernelEnd(const KernelInvocation* invocation) override
  {
    std::ofstream file(getenv("MEMORY_COUNTS"), std::ios::app);
    for (auto& each : sites)
    {
      const Site& site = each.second;
      file << "access " << invocation->getKernel()->getName() << (site.global ? " global" : " local")
           << (site.store ? " store " : " load ") << site.bytes << " " << site.requests << " " << site.items << " "
           << site.transactions << " " << site.fewest << "\n";
    }
    sites.clear();
  }
};

extern "C" void initializePlugins(Context* context) { context->registerPlugin(new Transactions(context)); }
extern "C" void releasePlugins(Context*) {}
