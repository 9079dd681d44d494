import { LightningElement, api, wire } from "lwc";
import { getRelatedListRecords } from "lightning/uiRelatedListApi";
import title from "@salesforce/label/c.Scrm_Timeline_Title";
import failed from "@salesforce/label/c.Scrm_Timeline_Failed";
import empty from "@salesforce/label/c.Scrm_Timeline_Empty";
import openOn from "@salesforce/label/c.Scrm_Timeline_Open";
import more from "@salesforce/label/c.Scrm_Timeline_More";

const OBJECT = "Social_Interaction__c";
const NAMES = {
    subject: "Subject__c",
    text: "Text__c",
    author: "Author__c",
    network: "Network__c",
    url: "Permalink__c",
    occurredAt: "Occurred_At__c"
};
const MOST = 1999; // of a related list in one call

/** The address if a browser may be sent there; what networks said is never trusted with a script. */
function webAddress(url) {
    return /^https?:\/\//i.test(url ?? "") ? url : null;
}

export default class ScrmTimeline extends LightningElement {
    @api recordId;
    @api pageSize = 10;

    labels = { title, failed, empty, more };
    fields = Object.values(NAMES).map((name) => `${OBJECT}.${name}`);
    sortBy = [`-${OBJECT}.${NAMES.occurredAt}`];
    entries = [];
    hasMore = false;
    isFailed = false;
    isLoaded = false;
    shown = 0;

    @wire(getRelatedListRecords, {
        parentRecordId: "$recordId",
        relatedListId: "Social_Interactions__r",
        fields: "$fields",
        sortBy: "$sortBy",
        pageSize: "$most"
    })
    receive({ data, error }) {
        this.isFailed = Boolean(error);
        if (data) {
            this.entries = data.records.map((record) => this.entry(record));
            this.hasMore = Boolean(data.nextPageToken) && this.most < MOST;
            this.isLoaded = true;
        }
    }

    get most() {
        return Math.min(MOST, this.pageSize + this.shown);
    }

    get isEmpty() {
        return this.isLoaded && this.entries.length === 0;
    }

    entry(record) {
        const entry = { id: record.id };
        for (const [ours, name] of Object.entries(NAMES)) {
            entry[ours] = record.fields[name]?.value ?? null;
        }
        entry.url = webAddress(entry.url);
        entry.open = openOn.replace("{0}", () => entry.network ?? "");
        return entry;
    }

    showMore() {
        this.shown += this.pageSize;
    }
}
