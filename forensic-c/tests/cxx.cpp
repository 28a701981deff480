// The header serves C++ as it is, and its handles fit std::unique_ptr.
#include <forensic.h>

#include <cstring>
#include <memory>

template <auto Free> struct Freed {
    template <typename T> void operator()(T *handle) const { Free(handle); }
};

using Evidence = std::unique_ptr<forensic_evidence, Freed<forensic_evidence_free>>;

int main() {
    const unsigned char bytes[] = {'a', 'b', 'c'};
    forensic_evidence *opened = nullptr;
    if (forensic_evidence_open_bytes(bytes, sizeof bytes, nullptr, &opened, nullptr) != FORENSIC_OK) {
        return 1;
    }
    const Evidence evidence(opened);
    return std::strcmp(forensic_evidence_format(evidence.get()), "raw") == 0 ? 0 : 1;
}
