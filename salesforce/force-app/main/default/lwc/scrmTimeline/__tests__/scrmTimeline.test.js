const { speak } = require("../../../../../../jest/labels");

speak(jest, "en");
const { createElement } = require("lwc");
const ScrmTimeline = require("c/scrmTimeline").default;
const { getRelatedListRecords } = require("lightning/uiRelatedListApi");

function record(id, url = "https://social.example/1") {
    const value = (one) => ({ value: one });
    return {
        id,
        fields: {
            Subject__c: value("Post on Mastodon"),
            Text__c: value("Hello <b>there</b>"),
            Author__c: value("Ada Example"),
            Network__c: value("mastodon"),
            Permalink__c: value(url),
            Occurred_At__c: value("2026-11-24T10:00:00.000Z")
        }
    };
}

function shown() {
    const element = createElement("c-scrm-timeline", { is: ScrmTimeline });
    element.recordId = "003000000000001AAA";
    document.body.appendChild(element);
    return element;
}

describe("c-scrm-timeline", () => {
    afterEach(() => {
        while (document.body.firstChild) {
            document.body.removeChild(document.body.firstChild);
        }
    });

    it("shows entries as plain text with a link", async () => {
        const element = shown();
        getRelatedListRecords.emit({ records: [record("a00000000000001AAA")], nextPageToken: null });
        await Promise.resolve();
        const text = element.shadowRoot.querySelector("p.text");
        expect(text.textContent).toBe("Hello <b>there</b>");
        expect(element.shadowRoot.querySelector("a").href).toBe("https://social.example/1");
        expect(element.shadowRoot.querySelector("lightning-button")).toBeNull();
    });

    it("never links to a script", async () => {
        const element = shown();
        getRelatedListRecords.emit({
            // eslint-disable-next-line no-script-url
            records: [record("a00000000000001AAA", "javascript:alert(1)")],
            nextPageToken: null
        });
        await Promise.resolve();
        expect(element.shadowRoot.querySelector("a")).toBeNull();
    });

    it("says when there is nothing, and when it may not read", async () => {
        const element = shown();
        getRelatedListRecords.emit({ records: [], nextPageToken: null });
        await Promise.resolve();
        expect(element.shadowRoot.textContent).toContain("Nothing yet.");
        getRelatedListRecords.error();
        await Promise.resolve();
        expect(element.shadowRoot.querySelector("[role='alert']")).not.toBeNull();
    });

    it("asks for more when told to", async () => {
        const element = shown();
        getRelatedListRecords.emit({ records: [record("a00000000000001AAA")], nextPageToken: "1" });
        await Promise.resolve();
        expect(getRelatedListRecords.getLastConfig().pageSize).toBe(10);
        element.shadowRoot.querySelector("lightning-button").click();
        await Promise.resolve();
        expect(getRelatedListRecords.getLastConfig().pageSize).toBe(20);
    });
});
