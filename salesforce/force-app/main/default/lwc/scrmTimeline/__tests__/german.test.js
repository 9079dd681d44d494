const { LABELS, speak } = require("../../../../../../jest/labels");

speak(jest, "de");
const { createElement } = require("lwc");
const ScrmTimeline = require("c/scrmTimeline").default;
const { getRelatedListRecords } = require("lightning/uiRelatedListApi");

const RECORD = {
    id: "a00000000000001AAA",
    fields: { Network__c: { value: "mastodon" }, Permalink__c: { value: "https://social.example/1" } }
};

describe("c-scrm-timeline in German", () => {
    it("says everything in German", async () => {
        const element = createElement("c-scrm-timeline", { is: ScrmTimeline });
        document.body.appendChild(element);
        const root = element.shadowRoot;
        expect(root.querySelector("lightning-card").title).toBe("Social-Media-Verlauf");
        getRelatedListRecords.emit({ records: [RECORD], nextPageToken: "1" });
        await Promise.resolve();
        expect(root.querySelector("a").textContent).toBe("Auf mastodon öffnen");
        expect(root.querySelector("lightning-button").label).toBe("Mehr anzeigen");
        getRelatedListRecords.emit({ records: [], nextPageToken: null });
        await Promise.resolve();
        expect(root.textContent).toContain("Noch nichts.");
        getRelatedListRecords.error();
        await Promise.resolve();
        expect(root.querySelector("[role='alert']").textContent).toContain("Berechtigungssatz scrm Reader");
    });

    it("has all texts that there are in English", () => {
        const [english, german] = ["en", "de"].map((language) =>
            LABELS[language]()
                .map(([name]) => name)
                .sort()
        );
        expect(english.length).toBeGreaterThan(0);
        expect(german).toEqual(english);
    });
});
