// Writes a bedside monitor's channel `vitals`, 25 records a second.
//
//     c++ -std=c++17 sensor.cpp $(pkg-config --cflags --libs cordon-channel) -o sensor
//
// Cordon starts it as a component; `sensor N` ends after N records. In Qt the loop is
// a QTimer of 40 ms, and the control socket a QSocketNotifier on cordon_control_fd().
#include "bedside-monitor-channels.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

template <auto Free> struct Ends {
    template <class Handle> void operator()(Handle *handle) const { Free(handle); }
};
using Control = std::unique_ptr<cordon_control, Ends<cordon_control_free>>;
using Writer = std::unique_ptr<cordon_writer, Ends<cordon_writer_free>>;

int main(int argc, char **argv)
{
    long left = argc > 1 ? std::strtol(argv[1], nullptr, 10) : -1;
    Control control{cordon_control_open()};
    Writer writer{vitals_writer(control.get())};
    if (!writer) {
        std::fprintf(stderr, "sensor: no control socket: start it by Cordon\n");
        return 1;
    }
    for (uint64_t samples = 0; left != 0; std::this_thread::sleep_for(std::chrono::milliseconds(40))) {
        cordon_control_poll(control.get());
        vitals_record vitals{}; // nothing in it is valid
        vitals.source = VITALS_SOURCE_DEMO;
        vitals.speed = 1;
        vitals.samples = samples += 20;
        vitals.valid = VITALS_SOURCE_VALID | VITALS_SPEED_VALID | VITALS_SAMPLES_VALID | VITALS_ECG_VALID;
        for (auto &sample : vitals.ecg)
            sample = VITALS_ECG_MIN;
        // A sensor that falls off now and then: no number is made up for it.
        if (samples / 20 % 5 != 0) {
            vitals.heart_rate = 72;
            vitals.valid |= VITALS_HEART_RATE_VALID;
        }
        switch (vitals_publish(writer.get(), &vitals)) {
        case CORDON_OK:
            if (left > 0)
                left--;
            break;
        case CORDON_ABSENT: // the supervisor has not handed it out yet
            break;
        case CORDON_RANGE:
        case CORDON_INVALID:
            std::fprintf(stderr, "sensor: a value outside its range\n");
            return 1;
        }
    }
}
